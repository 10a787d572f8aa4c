"""`scripts/serve.py` on machines that are set up in another way: it serves, or says what is in the way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import requests

from tests.drawing import draw_digit, encoded

if TYPE_CHECKING:
    from tests.conftest import Service, ServiceStarter

REQUEST_TIMEOUT_S = 10.0


def assert_reads_a_seven(service: Service) -> None:
    picture = encoded(draw_digit(7))
    response = requests.post(service.predictions_url, data=picture, timeout=REQUEST_TIMEOUT_S)
    assert (response.status_code, response.json()["label"]) == (200, "7")


def test_another_projects_modules_on_the_path_do_no_harm(start_service: ServiceStarter, another_project: Path) -> None:
    with start_service(environment={"PYTHONPATH": str(another_project)}) as service:
        assert_reads_a_seven(service)
