"""The manifests have the shape that Kubernetes and the makers of custom resources define."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import kubernetes_validate
import pytest

from tests.unit.deploy.manifests import KSERVE, KUBERNETES, Manifest, custom_problems, find, parse, render

VERSION = "1.37"
"""The newest Kubernetes whose schemas the package kubernetes-validate has."""

WITHOUT_A_SCHEMA = {"BackendTLSPolicy"}
"""Custom resources whose definition is not at hand."""

CUSTOM_GROUPS = ("gateway.networking.k8s.io", "monitoring.coreos.com", "serving.kserve.io")


def is_custom(manifest: Manifest) -> bool:
    return str(manifest["apiVersion"]).partition("/")[0] in CUSTOM_GROUPS


@pytest.mark.parametrize("folder", ["base", "overlays/production"])
def test_kubernetes_knows_every_field(folder: str) -> None:
    own = [one for one in parse(render(KUBERNETES / folder)) if not is_custom(one)]
    assert len(own) == 14
    for manifest in own:
        kubernetes_validate.validate(manifest, VERSION, strict=True)


def test_a_field_that_kubernetes_does_not_know_is_an_error(production: str) -> None:
    manifest = find(parse(production), "Deployment/digits-node")
    manifest["spec"]["template"]["spec"]["containers"][0]["livenesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="livenesProbe"):
        kubernetes_validate.validate(manifest, VERSION, strict=True)


def test_a_value_of_another_type_is_an_error(production: str) -> None:
    manifest = find(parse(production), "HorizontalPodAutoscaler/digits-node")
    manifest["spec"]["maxReplicas"] = "24"
    with pytest.raises(kubernetes_validate.ValidationError, match="24"):
        kubernetes_validate.validate(manifest, VERSION, strict=True)


def custom(production: str) -> list[Manifest]:
    kserve = [one for path in sorted(KSERVE.glob("*.yaml")) for one in parse(path.read_text(encoding="utf-8"))]
    return [one for one in parse(production) if is_custom(one) and one["kind"] not in WITHOUT_A_SCHEMA] + kserve


def test_custom_resources_are_what_their_definitions_allow(production: str) -> None:
    manifests = custom(production)
    assert sorted(one["kind"] for one in manifests) == [
        "ClusterServingRuntime",
        "HTTPRoute",
        "InferenceService",
        "ServiceMonitor",
    ]
    for manifest in manifests:
        assert custom_problems(manifest) == []


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("HTTPRoute/digits", ["spec", "rules", 0, "backendRefs", 0, "port"], "https"),
        ("HTTPRoute/digits", ["spec", "hostnames"], ["Digits_Example"]),
        ("HTTPRoute/digits", ["spec", "rules", 0, "timeout"], "65s"),
        ("ServiceMonitor/digits-node", ["spec", "endpoints", 0, "interval"], "15"),
        ("ServiceMonitor/digits-node", ["spec", "endpoints", 0, "ports"], "metrics"),
        ("ClusterServingRuntime/digits", ["spec", "protocolVersions"], "v2"),
        ("ClusterServingRuntime/digits", ["spec", "containers", 0, "volumeMount"], []),
        ("InferenceService/mnist", ["spec", "predictor", "canaryTrafficPercent"], "10%"),
        ("InferenceService/mnist", ["spec", "predictor", "model", "protocol"], "v2"),
    ],
)
def test_a_wrong_custom_resource_is_an_error(name: str, path: list[Any], value: object, production: str) -> None:
    manifest = deepcopy(find(custom(production), name))
    parent: Any = manifest
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    assert custom_problems(manifest)
