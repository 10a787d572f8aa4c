"""Mirrors the registry to MLflow where MLFLOW_TRACKING_URI names one; scripts/mirror.py does it, in its environment."""

from __future__ import annotations

import json
import os
import subprocess

from model.locations import ROOT
from release.versions.listing import listed
from release.versions.registry import Registry

URI_VARIABLE = "MLFLOW_TRACKING_URI"
TIMEOUT_S = 120.0
PYTHON = ROOT / ".venv-mlflow" / "bin" / "python"


def mirror(registry: Registry) -> str:
    """Bring MLflow up to date; returns what there is to say, empty where no MLflow is named.

    It raises nothing: a mirror that cannot be reached must not stop a change.
    """
    uri = os.environ.get(URI_VARIABLE)
    if not uri:
        return ""
    if not PYTHON.exists():
        return f"{URI_VARIABLE} is set, but what it takes is not installed: run `make mirror` once"
    try:
        done = subprocess.run(
            [PYTHON, ROOT / "scripts" / "mirror.py"],
            input=json.dumps(listed(registry)),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{uri} was not brought up to date: {error}"
    return (done.stdout if done.returncode == 0 else done.stderr).strip()
