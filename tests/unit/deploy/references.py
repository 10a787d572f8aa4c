"""Checks what manifests say of each other: selectors, ports, volumes, settings, targets. Schemas are checked elsewhere.

A manifest of a kind that is not known here is an error, so that no new one goes unchecked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.unit.deploy.manifests import Manifest
from tests.unit.deploy.pods import Pods, pods_of

Problems = Iterator[str]


@dataclass(frozen=True)
class Cluster:
    """Manifests that are applied together.

    Attributes:
        manifests: all of them.
        given: what an operator makes beside them, such as Secret/NAME, with the keys in it.
        metrics: the pods' metrics that something computes.
    """

    manifests: Sequence[Manifest]
    given: Mapping[str, Collection[str]] = field(default_factory=dict)
    metrics: Collection[str] = ()

    def get(self, kind: str, name: str, namespace: str | None) -> Manifest | None:
        found = [one for one in self.manifests if (one["kind"], one["metadata"]["name"]) == (kind, name)]
        return next((one for one in found if one["metadata"].get("namespace") == namespace), None)

    def keys(self, kind: str, name: str, namespace: str | None) -> Collection[str] | None:
        """The keys of a ConfigMap or a Secret; None where there is none of this name."""
        manifest = self.get(kind, name, namespace)
        return self.given.get(f"{kind}/{name}") if manifest is None else manifest.get("data", {}).keys()

    def selected(self, selector: Mapping[str, str], namespace: str | None) -> list[Pods]:
        """The pods that have all labels of a selector, one entry for each workload."""
        pods = [pods_of(one) for one in self.manifests if "template" in one.get("spec", {})]
        return [one for one in pods if one.namespace == namespace and selector.items() <= one.labels.items()]


def find_broken(cluster: Cluster) -> list[str]:
    """What does not resolve, one line each; empty where everything does."""
    names = [(one["kind"], one["metadata"]["name"], one["metadata"].get("namespace")) for one in cluster.manifests]
    problems = [f"{kind}/{name}: is there twice" for kind, name, _ in {one for one in names if names.count(one) > 1}]
    for manifest in cluster.manifests:
        kind, metadata = manifest["kind"], manifest["metadata"]
        found = [*_namespace(cluster, manifest), *_CHECKS.get(kind, _unknown)(cluster, manifest)]
        problems += [f"{kind}/{metadata['name']}: {problem}" for problem in found]
    return problems


def _unknown(cluster: Cluster, manifest: Manifest) -> Problems:
    yield "nobody checks what a manifest of this kind refers to"


def _nothing(cluster: Cluster, manifest: Manifest) -> Problems:
    yield from ()


def _namespace(cluster: Cluster, manifest: Manifest) -> Problems:
    name = manifest["metadata"].get("namespace")
    if name is not None and cluster.get("Namespace", name, None) is None:
        yield f"there is no namespace {name}"


def _selected(cluster: Cluster, manifest: Manifest, selector: Manifest) -> tuple[list[Pods], list[str]]:
    """The pods of a selector, which must be those of one workload, and what is wrong with it."""
    if set(selector) - {"matchLabels"}:
        return [], [f"only matchLabels are understood in {selector}"]
    pods = cluster.selected(selector.get("matchLabels", {}), manifest["metadata"].get("namespace"))
    return pods, [] if len(pods) == 1 else [f"{selector} selects {[one.owner for one in pods]}, not one workload"]


def _workload(cluster: Cluster, manifest: Manifest) -> Problems:
    pods, problems = _selected(cluster, manifest, manifest["spec"]["selector"])
    yield from problems
    own = pods_of(manifest)
    if pods and own not in pods:
        yield f"its selector selects {pods[0].owner}"
    for constraint in own.spec.get("topologySpreadConstraints", ()):
        spread = constraint.get("labelSelector", {}).get("matchLabels", {})
        if not spread or not spread.items() <= own.labels.items():
            yield f"{constraint} spreads other pods"
    yield from own.broken()
    for kind, name, keys in own.settings():
        found = cluster.keys(kind, name, own.namespace)
        if found is None:
            yield f"there is no {kind} {name}"
        elif missing := set(keys) - set(found):
            yield f"{kind} {name} has no {', '.join(sorted(missing))}"


def _service(cluster: Cluster, manifest: Manifest) -> Problems:
    pods, problems = _selected(cluster, manifest, {"matchLabels": manifest["spec"]["selector"]})
    yield from problems
    for port in manifest["spec"]["ports"]:
        yield from _ports(pods, [port.get("targetPort", port["port"])])


def _ports(pods: Sequence[Pods], ports: Sequence[str | int]) -> Problems:
    for one in pods:
        yield from (f"{one.owner} has no port {port}" for port in ports if port not in one.ports())


def _disruption_budget(cluster: Cluster, manifest: Manifest) -> Problems:
    yield from _selected(cluster, manifest, manifest["spec"]["selector"])[1]


def _autoscaler(cluster: Cluster, manifest: Manifest) -> Problems:
    target = manifest["spec"]["scaleTargetRef"]
    scaled = cluster.get(target["kind"], target["name"], manifest["metadata"].get("namespace"))
    if scaled is None or scaled["apiVersion"] != target["apiVersion"]:
        yield f"there is no {target['apiVersion']} {target['kind']} {target['name']} to scale"
        return
    for metric in manifest["spec"]["metrics"]:
        if metric["type"] == "Resource":
            resource = metric["resource"]["name"]
            lacking = [one["name"] for one in pods_of(scaled).running() if resource not in one["resources"]["requests"]]
            if lacking:
                yield f"{', '.join(lacking)} of {target['name']} asks for no {resource}, so it has no share of it"
        elif metric["type"] != "Pods" or metric["pods"]["metric"]["name"] not in cluster.metrics:
            yield f"nothing computes {metric}"


def _network_policy(cluster: Cluster, manifest: Manifest) -> Problems:
    if not manifest["spec"]["podSelector"]:
        return  # all pods
    own, problems = _selected(cluster, manifest, manifest["spec"]["podSelector"])
    yield from problems
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for rule in manifest["spec"].get(direction, ()):
            others = []
            # Pods of other namespaces are not among these manifests.
            for peer in (one for one in rule.get(peers, ()) if "namespaceSelector" not in one):
                selected, problems = _selected(cluster, manifest, peer["podSelector"])
                yield from problems
                others += selected
            ports = [one["port"] for one in rule["ports"]]
            yield from _ports(own if direction == "ingress" else others, ports)


def _route(cluster: Cluster, manifest: Manifest) -> Problems:
    for backend in (one for rule in manifest["spec"]["rules"] for one in rule["backendRefs"]):
        service = cluster.get("Service", backend["name"], manifest["metadata"].get("namespace"))
        if service is None:
            yield f"there is no Service {backend['name']}"
        elif backend["port"] not in [port["port"] for port in service["spec"]["ports"]]:
            yield f"Service {backend['name']} has no port {backend['port']}"


def _backend_tls(cluster: Cluster, manifest: Manifest) -> Problems:
    namespace = manifest["metadata"].get("namespace")
    for target in manifest["spec"]["targetRefs"]:
        service = cluster.get(target["kind"], target["name"], namespace)
        if service is None or target["sectionName"] not in [port["name"] for port in service["spec"]["ports"]]:
            yield f"there is no port {target['sectionName']} of {target['kind']} {target['name']}"
    for reference in manifest["spec"]["validation"]["caCertificateRefs"]:
        if "ca.crt" not in (cluster.keys(reference["kind"], reference["name"], namespace) or ()):
            yield f"there is no ca.crt in {reference['kind']} {reference['name']}"


def _monitor(cluster: Cluster, manifest: Manifest) -> Problems:
    wanted, namespace = manifest["spec"]["selector"]["matchLabels"], manifest["metadata"].get("namespace")
    services = [
        one
        for one in cluster.manifests
        if one["kind"] == "Service"
        and one["metadata"].get("namespace") == namespace
        and wanted.items() <= one["metadata"].get("labels", {}).items()
    ]
    if not services:
        yield f"no Service has the labels {wanted}"
    for service in services:
        names = [port["name"] for port in service["spec"]["ports"]]
        for endpoint in manifest["spec"]["endpoints"]:
            if endpoint["port"] not in names:
                yield f"Service {service['metadata']['name']} has no port {endpoint['port']}"


def _runtime(cluster: Cluster, manifest: Manifest) -> Problems:
    yield from pods_of(manifest).broken()


def _inference_service(cluster: Cluster, manifest: Manifest) -> Problems:
    model = manifest["spec"]["predictor"]["model"]
    runtime = cluster.get("ClusterServingRuntime", model["runtime"], None)
    if runtime is None:
        yield f"there is no ClusterServingRuntime {model['runtime']}"
        return
    if model["protocolVersion"] not in runtime["spec"]["protocolVersions"]:
        yield f"{model['runtime']} does not speak {model['protocolVersion']}"
    formats = [{key: one.get(key) for key in ("name", "version")} for one in runtime["spec"]["supportedModelFormats"]]
    if model["modelFormat"] not in formats:
        yield f"{model['runtime']} does not serve {model['modelFormat']}"


_CHECKS = {
    "BackendTLSPolicy": _backend_tls,
    "ClusterServingRuntime": _runtime,
    "ConfigMap": _nothing,
    "Deployment": _workload,
    "HTTPRoute": _route,
    "HorizontalPodAutoscaler": _autoscaler,
    "InferenceService": _inference_service,
    "Namespace": _nothing,
    "NetworkPolicy": _network_policy,
    "PodDisruptionBudget": _disruption_budget,
    "Service": _service,
    "ServiceMonitor": _monitor,
}
