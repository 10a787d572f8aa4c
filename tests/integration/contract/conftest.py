"""The contract is asked of each engine."""

from __future__ import annotations

import pytest

from serving.engines import ENGINES
from tests.conftest import Service


@pytest.fixture(scope="session", params=ENGINES)
def service(request: pytest.FixtureRequest) -> Service:
    """The shared server of each engine; the tests do not stop or reconfigure it."""
    shared: Service = request.getfixturevalue(f"{request.param}_service")
    return shared
