"""Everything that the manifests name is there, and the check finds what is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import yaml

from serving.settings import METRICS_CONFIG_FILE
from tests.unit.deploy.manifests import KSERVE, KUBERNETES, Manifest, find, parse, render
from tests.unit.deploy.references import Cluster, find_broken

ADAPTER = KUBERNETES / "prometheus-adapter.yaml"

GIVEN = {
    "Secret/digits-gateway-keys": ["keys.json"],
    "Secret/digits-gateway-tls": ["tls.crt", "tls.key"],
    "ConfigMap/digits-gateway-ca": ["ca.crt"],
}
"""What docs/deployment.md has the operator make."""

OF_KSERVE = ("InferenceService/mnist", "ClusterServingRuntime/digits")
POD = ["spec", "template", "spec"]
NODE, GATEWAY = "Deployment/digits-node", "Deployment/digits-gateway"
CONTAINER = [*POD, "containers", 0]
COMPONENT = "app.kubernetes.io/component"


def adapter_rules() -> list[Manifest]:
    rules: list[Manifest] = yaml.safe_load(ADAPTER.read_text(encoding="utf-8"))["rules"]["custom"]
    return rules


def cluster_of(text: str) -> Cluster:
    return Cluster(parse(text), GIVEN, [rule["name"]["as"] for rule in adapter_rules()])


def kserve_text() -> str:
    return "---\n".join(path.read_text(encoding="utf-8") for path in sorted(KSERVE.glob("*.yaml")))


@pytest.mark.parametrize("folder", ["base", "overlays/production"])
def test_everything_that_is_named_is_there(folder: str) -> None:
    cluster = cluster_of(render(KUBERNETES / folder))
    assert len(cluster.manifests) == 17
    assert find_broken(cluster) == []


def test_everything_that_kserve_is_told_is_there() -> None:
    assert find_broken(cluster_of(kserve_text())) == []


def test_everything_that_the_operator_is_to_make_is_used(production: str) -> None:
    for name in GIVEN:
        given = {other: keys for other, keys in GIVEN.items() if other != name}
        assert find_broken(replace(cluster_of(production), given=given)), name


def test_the_adapter_computes_from_metrics_that_a_node_has() -> None:
    declared = yaml.safe_load(METRICS_CONFIG_FILE.read_text(encoding="utf-8"))["ts_metrics"]["counter"]
    names = {metric["name"] for metric in declared}
    for rule in adapter_rules():
        used = {"ts_queue_latency_microseconds", "ts_inference_requests_total"}
        assert used <= names and all(name in rule["metricsQuery"] for name in used)
        assert rule["seriesQuery"].partition("{")[0] in used


BROKEN = {
    "the selector of a Deployment": (NODE, ["spec", "selector", "matchLabels", COMPONENT], "nod", "selects []"),
    "a label of pods": (NODE, [*POD[:2], "metadata", "labels", COMPONENT], "nodes", "not one workload"),
    "a selector of all pods": (NODE, ["spec", "selector", "matchLabels"], {"app.kubernetes.io/name": "digits"}, "not"),
    "the selector of a Service": ("Service/digits-node", ["spec", "selector", COMPONENT], "nod", "selects []"),
    "the port of a Service": ("Service/digits-node", ["spec", "ports", 1, "targetPort"], "grcp", "no port grcp"),
    "the name of a port": (NODE, [*CONTAINER, "ports", 2, "name"], "metric", "has no port metrics"),
    "a port's name twice": (NODE, [*CONTAINER, "ports", 2, "name"], "http", "two ports http"),
    "the port of a probe": (NODE, [*CONTAINER, "livenessProbe", "httpGet", "port"], "htp", "asks port htp"),
    "the labels that are spread": (
        GATEWAY,
        [*POD, "topologySpreadConstraints", 0, "labelSelector", "matchLabels", COMPONENT],
        "node",
        "spreads other pods",
    ),
    "a mount": (NODE, [*CONTAINER, "volumeMounts", 2, "name"], "log", "mounts log"),
    "a volume": (NODE, [*POD, "volumes", 2, "name"], "temp", "mounts tmp"),
    "a volume that nobody mounts": (NODE, [*CONTAINER, "volumeMounts"], [], "nobody mounts the volume tmp"),
    "the name of a ConfigMap": (NODE, [*POD, "volumes", 0, "configMap", "name"], "settings", "no ConfigMap settings"),
    "the key of a ConfigMap": (
        NODE,
        [*POD, "volumes", 0, "configMap", "items"],
        [{"key": "config.propertis", "path": "x"}],
        "has no config.propertis",
    ),
    "the name of a Secret": (GATEWAY, [*POD, "volumes", 1, "secret", "secretName"], "keys", "no Secret keys"),
    "a variable from a ConfigMap": (
        NODE,
        [*CONTAINER, "env", 0],
        {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "none", "key": "a"}}},
        "no ConfigMap none",
    ),
    "variables from a Secret": (NODE, [*CONTAINER, "envFrom"], [{"secretRef": {"name": "none"}}], "no Secret none"),
    "what is scaled": (
        "HorizontalPodAutoscaler/digits-node",
        ["spec", "scaleTargetRef", "name"],
        "digits-nodes",
        "no apps/v1 Deployment digits-nodes",
    ),
    "the kind of what is scaled": (
        "HorizontalPodAutoscaler/digits-gateway",
        ["spec", "scaleTargetRef", "kind"],
        "StatefulSet",
        "no apps/v1 StatefulSet digits-gateway",
    ),
    "the metric of scaling": (
        "HorizontalPodAutoscaler/digits-node",
        ["spec", "metrics", 1, "pods", "metric", "name"],
        "digits_queue_seconds",
        "nothing computes",
    ),
    "a share of CPU that is not asked for": (
        NODE,
        [*CONTAINER, "resources", "requests"],
        {"memory": "1Gi"},
        "asks for no cpu",
    ),
    "the budget of disruptions": (
        "PodDisruptionBudget/digits-gateway",
        ["spec", "selector", "matchLabels", COMPONENT],
        "gate",
        "selects []",
    ),
    "whom a NetworkPolicy is for": (
        "NetworkPolicy/digits-node",
        ["spec", "podSelector", "matchLabels", COMPONENT],
        "nod",
        "selects []",
    ),
    "whom a NetworkPolicy lets in": (
        "NetworkPolicy/digits-node",
        ["spec", "ingress", 0, "from", 0, "podSelector", "matchLabels", COMPONENT],
        "gate",
        "selects []",
    ),
    "a port that a NetworkPolicy opens": (
        "NetworkPolicy/digits-node",
        ["spec", "ingress", 1, "ports", 0, "port"],
        8083,
        "no port 8083",
    ),
    "a port that a NetworkPolicy lets out to": (
        "NetworkPolicy/digits-gateway",
        ["spec", "egress", 0, "ports", 0, "port"],
        "https",
        "no port https",
    ),
    "the Service of a route": (
        "HTTPRoute/digits",
        ["spec", "rules", 0, "backendRefs", 0, "name"],
        "gateway",
        "no Service gateway",
    ),
    "the port of a route": ("HTTPRoute/digits", ["spec", "rules", 0, "backendRefs", 0, "port"], 8443, "no port 8443"),
    "the port that TLS is for": (
        "BackendTLSPolicy/digits-gateway",
        ["spec", "targetRefs", 0, "sectionName"],
        "http",
        "no port http",
    ),
    "the certificates to trust": (
        "BackendTLSPolicy/digits-gateway",
        ["spec", "validation", "caCertificateRefs", 0, "name"],
        "ca",
        "no ca.crt in ConfigMap ca",
    ),
    "what is monitored": (
        "ServiceMonitor/digits-node",
        ["spec", "selector", "matchLabels", COMPONENT],
        "nod",
        "no Service has the labels",
    ),
    "the port that is monitored": (
        "ServiceMonitor/digits-node",
        ["spec", "endpoints", 0, "port"],
        "metric",
        "has no port metric",
    ),
    "a namespace": ("Service/digits-gateway", ["metadata", "namespace"], "digit", "no namespace digit"),
    "a name twice": ("Service/digits-gateway", ["metadata", "name"], "digits-node", "is there twice"),
    "a kind that nobody checks": ("Service/digits-gateway", ["kind"], "Ingress", "nobody checks"),
    "the runtime of a model": (
        "InferenceService/mnist",
        ["spec", "predictor", "model", "runtime"],
        "torchserve",
        "no ClusterServingRuntime torchserve",
    ),
    "the protocol of a model": (
        "InferenceService/mnist",
        ["spec", "predictor", "model", "protocolVersion"],
        "v3",
        "does not speak v3",
    ),
    "the format of a model": (
        "InferenceService/mnist",
        ["spec", "predictor", "model", "modelFormat", "name"],
        "pytorch",
        "does not serve",
    ),
    "a mount of a runtime": (
        "ClusterServingRuntime/digits",
        ["spec", "containers", 0, "volumeMounts", 0, "name"],
        "temp",
        "mounts temp",
    ),
}
"""What is wrong: where, the field, its value, and a part of what the check says."""


@pytest.mark.parametrize(("name", "path", "value", "problem"), BROKEN.values(), ids=BROKEN)
def test_a_wrong_reference_is_found(
    name: str, path: Sequence[str | int], value: object, problem: str, production: str
) -> None:
    cluster = cluster_of(kserve_text() if name in OF_KSERVE else production)
    assert find_broken(cluster) == []
    parent: Any = find(cluster.manifests, name)
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    assert any(problem in found for found in find_broken(cluster)), find_broken(cluster)
