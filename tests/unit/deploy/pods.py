"""The pods of a workload: their ports, and whether what their containers name is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.unit.deploy.manifests import Manifest

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
SOURCES = {"configMap": ("ConfigMap", "name"), "secret": ("Secret", "secretName")}
"""Volumes that come from another manifest: its kind, and the field that names it."""


@dataclass(frozen=True)
class Pods:
    """What the pods of one workload have in common.

    Attributes:
        owner: the workload's name.
        namespace: theirs.
        labels: theirs.
        spec: containers and volumes.
    """

    owner: str
    namespace: str | None
    labels: Mapping[str, str]
    spec: Manifest

    def containers(self) -> list[Manifest]:
        """All of them, those that run before the others too."""
        return [*self.spec.get("initContainers", ()), *self.spec["containers"]]

    def running(self) -> list[Manifest]:
        """The containers that run as long as the pod does."""
        started = [one for one in self.spec.get("initContainers", ()) if one.get("restartPolicy") == "Always"]
        return [*started, *self.spec["containers"]]

    def ports(self) -> list[str | int]:
        """Names and numbers of the ports that are declared."""
        return [value for one in self.running() for value in _ports(one)]

    def settings(self) -> Iterator[tuple[str, str, set[str]]]:
        """Each ConfigMap and Secret that is named: kind, name, and the keys that must be in it."""
        for volume in self.spec.get("volumes", ()):
            for source, (kind, field) in SOURCES.items():
                if source in volume:
                    keys = {item["key"] for item in volume[source].get("items", ())}
                    mounts = [one for container in self.containers() for one in container.get("volumeMounts", ())]
                    keys |= {one["subPath"] for one in mounts if one["name"] == volume["name"] and "subPath" in one}
                    yield kind, volume[source][field], keys
        for container in self.containers():
            for variable in container.get("env", ()):
                for source, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                    if reference := variable.get("valueFrom", {}).get(source):
                        yield kind, reference["name"], {reference["key"]}
            for group in container.get("envFrom", ()):
                for source, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                    if reference := group.get(source):
                        yield kind, reference["name"], set()

    def broken(self) -> Iterator[str]:
        """What containers name and the pod does not have: volumes, and the ports of probes."""
        volumes = [volume["name"] for volume in self.spec.get("volumes", ())]
        mounted = set()
        for container in self.containers():
            for mount in container.get("volumeMounts", ()):
                mounted.add(mount["name"])
                if mount["name"] not in volumes:
                    yield f"{container['name']} mounts {mount['name']}, which is no volume of its pod"
            for probe in PROBES:
                for way in ("httpGet", "tcpSocket", "grpc"):
                    port = container.get(probe, {}).get(way, {}).get("port")
                    if port is not None and port not in _ports(container):
                        yield f"the {probe} of {container['name']} asks port {port}, which it does not have"
        yield from (f"nobody mounts the volume {name}" for name in volumes if name not in mounted)
        names = [port for port in self.ports() if isinstance(port, str)]
        yield from (f"there are two ports {name}" for name in set(names) if names.count(name) > 1)


def pods_of(manifest: Manifest) -> Pods:
    """The pods of a workload, or of a KServe runtime, whose spec is theirs."""
    metadata, spec = manifest["metadata"], manifest["spec"]
    template = spec.get("template", {"spec": spec})
    labels = template.get("metadata", {}).get("labels", {})
    return Pods(metadata["name"], metadata.get("namespace"), labels, template["spec"])


def _ports(container: Manifest) -> list[str | int]:
    return [port[field] for port in container.get("ports", ()) for field in ("name", "containerPort") if field in port]
