"""Manifests that several tests look at, rendered once."""

from __future__ import annotations

import pytest

from tests.unit.deploy.manifests import PRODUCTION, render


@pytest.fixture(scope="session")
def production() -> str:
    """The overlay `production`, rendered: YAML documents, so that a test that changes it changes its own."""
    return render(PRODUCTION)
