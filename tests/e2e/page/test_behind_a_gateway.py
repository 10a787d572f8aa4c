"""The page at the gateway's address: the same origin, over TLS, with a certificate that the visitor has accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.faults.gateway_process import running_gateway
from tests.e2e.example_seven import SEVEN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Service
    from tests.e2e.page.conftest import PageOpener


def test_a_drawn_digit_is_read(open_page: PageOpener, service: Service, tmp_path: Path) -> None:
    with running_gateway(tmp_path / "gateway", f"--node={service.api_url}") as gateway:
        pad = open_page(url=gateway.url, ignore_https_errors=True)
        pad.draw(SEVEN)
        pad.expect_text("#answer", "7")
        assert all(request.url == gateway.predictions_url for request in pad.requests)
        pad.page.close()  # it would ask a gateway that has ended
