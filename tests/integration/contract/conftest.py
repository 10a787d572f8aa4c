"""The contract is asked of each engine."""

from __future__ import annotations

import pytest

from serving.engines import ENGINES, TORCHSERVE
from tests.conftest import Service


@pytest.fixture(scope="session", params=ENGINES)
def service(request: pytest.FixtureRequest, service: Service) -> Service:
    """A server that serves the shipped archive; the tests that share it do not stop or reconfigure it."""
    return service if request.param == TORCHSERVE else request.getfixturevalue("starlette_service")
