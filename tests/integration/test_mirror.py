"""The registry in a real MLflow: its client with its own store of files, in the environment that `make mirror` uses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from model.locations import ROOT
from release.versions.mirroring import PYTHON

ASK = """
import json
from mlflow import MlflowClient
client = MlflowClient()
model = client.get_registered_model("mnist")
versions = {v.tags["digits.version"]: v for v in client.search_model_versions("name = 'mnist'")}
run = client.get_run(versions["1.1"].run_id)
print(json.dumps({
    "aliases": {alias: client.get_model_version("mnist", number).tags["digits.version"]
                for alias, number in model.aliases.items()},
    "parent": versions["1.1"].tags["digits.parent"],
    "accuracy": run.data.metrics["MNIST validation/accuracy"],
    "epochs": len(client.get_metric_history(run.info.run_id, "validation_loss")),
    "files": sorted(file.path for file in client.list_artifacts(run.info.run_id)),
    "versions": sorted(versions),
}))
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    if not PYTHON.exists():
        pytest.skip("MLflow's client is not installed; `make test` installs it")
    own = {
        "DIGITS_STATE": str(tmp_path / "state"),
        "MLFLOW_TRACKING_URI": f"file://{tmp_path / 'mlflow'}",
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    return {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | own


def versions(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "versions.py"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def test_each_change_is_mirrored(environment: dict[str, str]) -> None:
    added = versions(environment, "add", "model/released", "--name=1.1", "--parent=1.0")
    assert "is up to date; new there: 1.0, 1.1" in added.stderr
    promoted = versions(environment, "promote", "1.1")
    assert "is up to date; new there: none" in promoted.stderr
    asked = subprocess.run([PYTHON, "-c", ASK], env=environment, capture_output=True, text=True, check=True)
    metadata = json.loads((ROOT / "model" / "released" / "mnist.json").read_text())
    assert json.loads(asked.stdout) == {
        "aliases": {"champion": "1.1", "before": "1.0"},
        "parent": "1.0",
        "accuracy": metadata["metrics"]["MNIST validation"]["accuracy"],
        "epochs": len(metadata["history"]),
        "files": ["mnist.json", "mnist.mar", "mnist.mar.sha256"],
        "versions": ["1.0", "1.1"],
    }


def test_an_mlflow_that_is_down_stops_no_change(environment: dict[str, str]) -> None:
    down = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    added = versions(environment | down, "add", "model/released", "--name=1.1")
    assert added.returncode == 0
    assert "http://127.0.0.1:9 cannot be brought up to date" in added.stderr
