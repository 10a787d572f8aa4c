"""Mirrors the registry of versions to MLflow: a run and a model version for each, and an alias for the champion.

`make mirror` runs it, in an environment of its own; it reads what `scripts/versions.py --json` prints. It is a mirror:
what is changed in MLflow changes nothing here, and what is there already is left alone.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow import MlflowClient

ARTIFACTS = ("mnist.json", "mnist.mar", "mnist.mar.sha256")
NAME_TAG = "digits.version"
ALIASES = ("champion", "before", "trial")
_NO_NAME = re.compile(r"[^\w./ -]")
"""What MLflow accepts in no name of a metric."""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="mnist", help="registered model in MLflow (default: %(default)s)")
    parser.add_argument("--experiment", default="digits", help="experiment of the runs (default: %(default)s)")
    return parser


def mirror(client: MlflowClient, content: dict[str, Any], model: str, experiment: str) -> list[str]:
    """Bring MLflow up to date; returns the names of the versions that were new to it."""
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(model)
    except MlflowException:
        client.create_registered_model(model, description="Mirrored from the digits' registry of versions.")
    found = client.get_experiment_by_name(experiment)
    experiment_id = found.experiment_id if found else client.create_experiment(experiment)
    known = {
        version.tags.get(NAME_TAG): version.version for version in client.search_model_versions(f"name = '{model}'")
    }
    new = [version for version in content["versions"] if version["name"] not in known]
    for version in new:
        known[version["name"]] = add(client, version, model, experiment_id)
    deployment = content["deployment"]
    trial = (deployment["trial"] or {}).get("version")
    for alias, name in zip(ALIASES, (deployment["champion"], deployment["before"], trial), strict=True):
        if name is not None:
            client.set_registered_model_alias(model, alias, known[name])
        elif alias in client.get_registered_model(model).aliases:
            client.delete_registered_model_alias(model, alias)
    return [version["name"] for version in new]


def add(client: MlflowClient, version: dict[str, Any], model: str, experiment_id: str) -> str:
    """Log a version's training, figures and files as a run; returns the number of its model version."""
    from mlflow.entities import Metric, Param, RunTag

    folder = Path(version["folder"])
    metadata = json.loads((folder / "mnist.json").read_text(encoding="utf-8"))
    run_id = client.create_run(experiment_id, run_name=version["name"]).info.run_id
    metrics = [
        Metric(_NO_NAME.sub("_", f"{name}/{figure}"), float(value), 0, 0)
        for name, figures in version["metrics"].items()
        for figure, value in figures.items()
        if isinstance(value, int | float)
    ]
    metrics += [
        Metric(figure, float(value), 0, epoch["epoch"])
        for epoch in metadata.get("history", [])
        for figure, value in epoch.items()
        if figure != "epoch"
    ]
    config = metadata.get("training", {}).get("config", {})
    tags = {NAME_TAG: version["name"]} | {
        f"digits.{name}": str(version[name]) for name in ("parent", "commit", "seed", "sha256", "network_sha256")
    }
    client.log_batch(
        run_id,
        metrics,
        [Param(name, str(value)) for name, value in config.items()],
        [RunTag(name, value) for name, value in tags.items()],
    )
    for name in ARTIFACTS:
        client.log_artifact(run_id, str(folder / name))
    client.set_terminated(run_id)
    source = client.get_run(run_id).info.artifact_uri
    return str(client.create_model_version(model, source, run_id, tags=tags).version)


def main() -> int:
    options = build_parser().parse_args()
    uri = os.environ.get("MLFLOW_TRACKING_URI")
    if not uri:
        print("error: MLFLOW_TRACKING_URI names no MLflow; set it to the address of yours", file=sys.stderr)
        return 2
    os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}  # read when MLflow is imported
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ImportError:
        print("error: MLflow's client is not installed here; `make mirror` installs it", file=sys.stderr)
        return 1
    try:
        new = mirror(MlflowClient(uri, uri), json.load(sys.stdin), options.model, options.experiment)
    except (MlflowException, OSError, KeyError, ValueError) as error:
        print(f"error: {uri} cannot be brought up to date: {error}", file=sys.stderr)
        return 1
    print(f"{uri} is up to date; new there: {', '.join(new) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
