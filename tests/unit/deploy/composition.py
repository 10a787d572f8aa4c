"""deploy/compose.yaml as Docker Compose reads it, and whether everything that it names is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import yaml

from model.locations import ROOT
from scripts import gateway, serve
from serving.gateway.description import Gateway
from serving.settings import read_ports

Compose = dict[str, Any]
Service = dict[str, Any]

FOLDER = ROOT / "deploy"
FILE = FOLDER / "compose.yaml"
PROMETHEUS = FOLDER / "prometheus" / "prometheus.compose.yml"
ALERTMANAGER = FOLDER / "alertmanager" / "alertmanager.yaml"

OWN = ("node", "follow", "gateway")
"""Services of our own image, whose HEALTHCHECK they have where they say nothing else."""

FOREIGN_PORTS = {"prometheus": 9090, "alertmanager": 9093, "grafana": 3000, "database": 5432}
"""Where other people's images listen."""


@cache
def load() -> Compose:
    """The file with the defaults of its variables, and merged keys written out."""
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", FILE.read_text(encoding="utf-8"))
    content: Compose = yaml.safe_load(text)
    return content


@cache
def prometheus() -> dict[str, Any]:
    """What Prometheus is started with there."""
    content: dict[str, Any] = yaml.safe_load(PROMETHEUS.read_text(encoding="utf-8"))
    return content


def find_broken(compose: Compose) -> list[str]:
    """What does not fit: names of what is not there, and what a service may not have or lacks."""
    problems = list(_unused_and_missing(compose))
    for name, service in compose["services"].items():
        checks = (
            _references(compose, service),
            _confinement(name, service),
            _health(compose, name),
            _ports(name, service),
        )
        problems += [f"{name}: {problem}" for check in checks for problem in check]
        problems += [
            f"{name}: {path} is nothing that is mounted"
            for path in _named_paths(name, service)
            if not _is_mounted(service, path)
        ]
    problems += [
        f"nobody listens at {host}:{port} for {asker}"
        for asker, host, port in _asked(compose)
        if not _answers(compose, asker, host, port)
    ]
    return problems


def mounts(service: Service) -> list[PurePosixPath]:
    """Where something is mounted in a service's containers."""
    parts = [one["target"] for kind in ("volumes", "configs") for one in service.get(kind, ())]
    parts += [one["target"] if isinstance(one, dict) else f"/run/secrets/{one}" for one in service.get("secrets", ())]
    parts += [one.partition(":")[0] for one in service.get("tmpfs", ())]
    return [PurePosixPath(part) for part in parts]


def listens(name: str, service: Service) -> set[int]:
    """The ports at which other containers reach a service."""
    if name == "gateway":
        settings = gateway_of(service).settings
        return {settings.port} | ({settings.metrics_port} if settings.metrics_address == "0.0.0.0" else set())  # noqa: S104
    if name == "node":
        ports = read_ports()
        return {ports.inference, ports.grpc_inference, ports.metrics}
    return {FOREIGN_PORTS[name]} if name in FOREIGN_PORTS else set()


def gateway_of(service: Service) -> Gateway:
    """The gateway that a service's command asks for; SystemExit where it does not know one."""
    python, script, *arguments = service["command"]
    assert (python, script) == ("python", "scripts/gateway.py")
    parser = gateway.build_parser()
    return gateway.gateway_of(parser.parse_args(arguments), parser)


def node_options(service: Service) -> Any:
    """The options of a node's command; SystemExit where it does not know one."""
    python, script, *arguments = service["command"]
    assert (python, script) == ("python", "scripts/serve.py")
    return serve.build_parser(read_ports()).parse_args(arguments)


def _unused_and_missing(compose: Compose) -> Iterator[str]:
    for kind in ("volumes", "networks", "configs", "secrets"):
        used = {_source(one) for service in compose["services"].values() for one in service.get(kind, ())}
        yield from (f"nobody uses {name} of {kind}" for name in compose[kind] if name not in used)
    for name, config in compose["configs"].items():
        if not (FOLDER / config["file"]).is_file():
            yield f"there is no file {config['file']} for {name}"
    for one in OWN:
        if compose["services"][one]["image"] != compose["services"]["node"]["image"]:
            yield f"{one} has another image than node"


def _source(used: str | dict[str, Any]) -> str:
    return used if isinstance(used, str) else str(used["source"])


def _references(compose: Compose, service: Service) -> Iterator[str]:
    for kind in ("volumes", "networks", "configs", "secrets"):
        yield from (
            f"no {_source(one)} in {kind}" for one in service.get(kind, ()) if _source(one) not in compose[kind]
        )
    for other, how in service.get("depends_on", {}).items():
        if other not in compose["services"]:
            yield f"waits for {other}, which is no service"
        elif set(compose["services"][other].get("profiles", ())) - set(service.get("profiles", ())):
            yield f"waits for {other}, which is not always started"
        elif how["condition"] == "service_healthy" and not _has_health(other, compose["services"][other]):
            yield f"waits for the health of {other}, which has no check"


def _confinement(name: str, service: Service) -> Iterator[str]:
    image = service["image"]
    _, _, tag = image.rpartition("/")[2].partition(":")
    if not re.match(r"v?\d+\.\d+", tag):
        yield f"the version of {image} is not pinned"
    if service.get("privileged") or service.get("network_mode") or service.get("pid") or service.get("cap_add"):
        yield "has rights of the host"
    if service.get("read_only") is not True:
        yield "writes to its root file system"
    if service.get("cap_drop") != ["ALL"] or "no-new-privileges:true" not in service.get("security_opt", ()):
        yield "keeps capabilities, or may gain some"
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    yield from (f"has no limit of {limit}" for limit in ("cpus", "memory", "pids") if limit not in limits)
    if name in OWN and service.get("user") != "10001:10001":
        yield "runs as another user than 10001"
    if any(one["type"] != "volume" for one in service.get("volumes", ())):
        yield "mounts a folder of the host"


def _has_health(name: str, service: Service) -> bool:
    return "healthcheck" in service or name in OWN


def _health(compose: Compose, name: str) -> Iterator[str]:
    service = compose["services"][name]
    if not _has_health(name, service):
        yield "nobody checks its health"
    for word in service.get("healthcheck", {}).get("test", ()):
        parts = urlsplit(word)
        if parts.scheme in ("http", "https") and parts.port not in listens(name, service):
            yield f"its health is asked at {parts.port}, where it does not listen"
        if word.startswith("scripts/") and not (ROOT / word).is_file():
            yield f"its health is asked by {word}, which is no file"


def _ports(name: str, service: Service) -> Iterator[str]:
    for one in service.get("ports", ()):
        *address, _, inside = one.split(":")
        if int(inside) not in listens(name, service):
            yield f"publishes {inside}, where it does not listen"
        if name != "gateway" and address != ["127.0.0.1"]:
            yield f"publishes {one} to other machines"


def _named_paths(name: str, service: Service) -> Iterator[PurePosixPath]:
    """Absolute paths in commands, variables and configurations of a service; all must be mounted."""
    words = [
        *service.get("command", ()),
        *service.get("healthcheck", {}).get("test", ()),
        *service.get("environment", {}).values(),
    ]
    for word in words:
        value = str(word).rpartition("=")[2]
        if value.startswith("/") and value != "/dev/null":
            yield PurePosixPath(value)
    if name == "alertmanager":
        text = ALERTMANAGER.read_text(encoding="utf-8")
        yield from map(PurePosixPath, re.findall(r"url_file: ([^\s,}]+)", text))
    if name == "prometheus":
        [config] = [one["target"] for one in service["configs"] if one["source"] == "prometheus"]
        yield from (PurePosixPath(config).parent / rule for rule in prometheus()["rule_files"])


def _is_mounted(service: Service, path: PurePosixPath) -> bool:
    """Whether it is mounted, lies in what is, or holds what is."""
    return any(path.is_relative_to(mount) or mount.is_relative_to(path) for mount in mounts(service))


def _asked(compose: Compose) -> Iterator[tuple[str, str, int]]:
    """Who asks which host at which port."""
    services = compose["services"]
    _, _, name, port, *_ = services["follow"]["command"]
    yield "gateway", name, int(port)
    url = urlsplit(services["grafana"]["environment"]["PROMETHEUS_URL"])
    yield "grafana", str(url.hostname), int(url.port or 80)
    for one in [*prometheus()["scrape_configs"], *prometheus()["alerting"]["alertmanagers"]]:
        for target in one.get("static_configs", ()):
            for host, _, number in (address.partition(":") for address in target["targets"]):
                yield "prometheus", host, int(number)
        for found in one.get("dns_sd_configs", ()):
            yield from (("prometheus", host, found["port"]) for host in found["names"])


def _answers(compose: Compose, asker: str, host: str, port: int) -> bool:
    asked = compose["services"].get(host)
    if asked is None or port not in listens(host, asked):
        return False
    return bool(set(asked["networks"]) & set(compose["services"][asker]["networks"]))
