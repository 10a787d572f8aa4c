"""Renders deploy/envoy for one gateway: where it listens, whom it asks, which keys it knows.

Envoy watches the files that may change while it runs; each is replaced as a whole.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

import yaml

from model.errors import OperatorError
from model.locations import ROOT
from release.versions.records import Trial
from serving.gateway.keys import Key
from serving.settings import LOOPBACK, SAMPLE

TEMPLATES = ROOT / "deploy" / "envoy"
REQUESTS_PER_NODE = 32
"""Requests that a node may hold, by default: a batch of 8 in the hands of each of 2 workers, and as many waiting.

More would only wait. A try has 2 s; what waits longer is asked again elsewhere, and its node works for nobody. With
512, the depth of its queue, five times the load that the nodes could bear left a sixth of the right answers.
"""

_TYPE_URL = "type.googleapis.com/"


class GatewayError(OperatorError):
    """The gateway cannot be configured or started."""


@dataclass(frozen=True)
class Node:
    """Where a node answers: its host, and its ports for HTTP and gRPC."""

    host: str
    port: int
    grpc_port: int

    @classmethod
    def parse(cls, url: str) -> Node:
        """A node by its address, such as http://10.0.0.7:8080; its gRPC port keeps TorchServe's distance from 8080.

        Raises:
            GatewayError: it is not such an address.
        """
        try:
            parts = urlsplit(url if "//" in url else f"//{url}", scheme="http")
            port = parts.port or 8080
        except ValueError as error:
            raise GatewayError(f"{url!r} is not the address of a node: {error}") from error
        if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/") or parts.query:
            raise GatewayError(f"{url!r} is not the address of a node; accepted is http://HOST:PORT")
        return cls(parts.hostname, port, port - 1010)

    def __str__(self) -> str:
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True)
class Settings:
    """What a gateway is started with.

    Attributes:
        address, port: where it listens.
        page_port: where the page's server listens, on loopback.
        grpc_port: where the Open Inference Protocol's service listens, on loopback.
        comparison_port: where the comparison of versions listens, on loopback.
        requests_per_s: how many requests a key, or an address without one, may send; twice as many at once.
        allows_anonymous: whether predictions need no key.
        uses_tls: whether it speaks TLS.
        requests_per_node: how many requests a node may hold; see `REQUESTS_PER_NODE`.
        metrics_address, metrics_port: where Prometheus reads Envoy's statistics.
        learner: host and port of a learner; None where there is none.
    """

    address: str
    port: int
    page_port: int
    grpc_port: int
    requests_per_s: int
    allows_anonymous: bool
    uses_tls: bool
    requests_per_node: int = REQUESTS_PER_NODE
    metrics_address: str = LOOPBACK
    metrics_port: int = 8444
    comparison_port: int = 0
    learner: tuple[str, int] | None = None


@dataclass(frozen=True)
class Asked:
    """Which nodes are asked.

    Attributes:
        nodes: where they answer.
        count: how many there are, with those that are not asked just now; it bounds the requests at once.
    """

    nodes: Sequence[Node]
    count: int


@dataclass(frozen=True)
class Routing:
    """Who may ask, and which version answers.

    Attributes:
        keys: all that are valid.
        version: the one that answers where none is named; the protocols' questions about the server go to it.
        loaded: all that every node has loaded.
        trial: one of them that answers a share of the requests, or None.
    """

    keys: Sequence[Key]
    version: str
    loaded: Sequence[str]
    trial: Trial | None = None


class Configuration:
    """The files of one gateway.

    Args:
        folder: for Envoy's files; only this user may read it.
        log_folder: for the access log.
        settings: what does not change while the gateway runs.
    """

    def __init__(self, folder: Path, log_folder: Path, settings: Settings) -> None:
        self.folder, self._log_folder, self._settings = folder, log_folder, settings

    @property
    def path(self) -> Path:
        """The file that Envoy is started with."""
        return self.folder / "envoy.json"

    @property
    def admin_socket(self) -> Path:
        """Envoy's administration, as a Unix socket."""
        return self.folder / "admin.sock"

    @property
    def nodes_socket(self) -> Path:
        """A Unix socket for the gateway's own services: the same paths, without keys and limits."""
        return self.folder / "inside.sock"

    def write_start(self) -> None:
        """Write what Envoy reads once."""
        settings = self._settings
        tracing, collectors = _tracing(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))
        values = {
            "folder": self.folder,
            "log_folder": self._log_folder,
            "address": settings.address,
            "port": settings.port,
            "metrics_address": settings.metrics_address,
            "metrics_port": settings.metrics_port,
            "page_port": settings.page_port,
            "grpc_port": settings.grpc_port,
            "comparison_port": settings.comparison_port,
            "requests_per_s": settings.requests_per_s,
            "sample": base64.b64encode(SAMPLE.read_bytes()).decode(),
            "transport_socket": json.dumps(_TLS if settings.uses_tls else None).replace("FOLDER", str(self.folder)),
            "tracing": json.dumps(tracing),
        }
        content = _rendered("envoy", values)
        content["static_resources"]["clusters"] += collectors
        if settings.learner:
            content["static_resources"]["clusters"].append(_named_host("learner", *settings.learner))
        self._write_json("envoy", content)

    def write_nodes(self, asked: Asked) -> None:
        """Write where the nodes answer, and how many requests they may hold together."""
        nodes = asked.nodes
        self._write("nodes", [_assignment("nodes", [(node.host, node.port) for node in nodes])])
        self._write("nodes_grpc", [_assignment("nodes_grpc", [(node.host, node.grpc_port) for node in nodes])])
        limit = {"default": {"max_requests": max(1, asked.count) * self._settings.requests_per_node}}
        layer = {"circuit_breakers": {"nodes": limit, "nodes_grpc": limit}}
        self._write(
            "limits", [{"@type": _TYPE_URL + "envoy.service.runtime.v3.Runtime", "name": "limits", "layer": layer}]
        )

    def write_routes(self, routing: Routing) -> None:
        """Write which path goes where, which keys may ask it, and which version answers."""
        values = {
            "requests_per_s": self._settings.requests_per_s,
            "version": routing.version,
            "loaded": "|".join(map(re.escape, routing.loaded)).replace("\\", "\\\\"),
            "trial": routing.trial.version if routing.trial else routing.version,
            "copied": 100 if routing.trial else 0,
            "share": routing.trial.share if routing.trial else 0,
            "burst": 2 * self._settings.requests_per_s,
            "learner": json.dumps(_to_learner(self._settings.learner, "15s")),
            "learner_events": json.dumps(_to_learner(self._settings.learner, "0s")),
            "predict": json.dumps(_principals(routing.keys, "predict", self._settings.allows_anonymous)),
        }
        self._write_json("routes", _rendered("routes", values))

    def write_certificate(self, pems: tuple[str, str]) -> None:
        """Write the certificate's chain and its private key."""
        chain, private_key = pems
        secret = {
            "@type": _TYPE_URL + "envoy.extensions.transport_sockets.tls.v3.Secret",
            "name": "server",
            "tls_certificate": {
                "certificate_chain": {"inline_string": chain},
                "private_key": {"inline_string": private_key},
            },
        }
        self._write("certificate", [secret])

    def _write(self, name: str, resources: list[dict[str, Any]]) -> None:
        self._write_json(name, {"resources": resources})

    def _write_json(self, name: str, content: object) -> None:
        path = self.folder / f"{name}.json"
        new = path.with_suffix(".new")
        with open(new, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            json.dump(content, file, indent=1)
        new.replace(path)


def _rendered(name: str, values: Mapping[str, object]) -> Any:
    template = Template((TEMPLATES / f"{name}.yaml").read_text(encoding="utf-8"))
    return yaml.safe_load(template.substitute(values))


_TLS = {
    "name": "envoy.transport_sockets.tls",
    "typed_config": {
        "@type": _TYPE_URL + "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": {
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
            "tls_certificate_sds_secret_configs": [
                {
                    "name": "server",
                    "sds_config": {
                        "path_config_source": {
                            "path": "FOLDER/certificate.json",
                            "watched_directory": {"path": "FOLDER"},
                        }
                    },
                }
            ],
        },
    },
}


def _tracing(endpoint: str | None) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Where the spans of requests go, by OpenTelemetry over HTTP, and its cluster; nothing without an endpoint."""
    if not endpoint:
        return None, []
    parts = urlsplit(endpoint)
    if parts.scheme != "http" or not parts.hostname:
        raise GatewayError(f"OTEL_EXPORTER_OTLP_ENDPOINT is {endpoint!r}; http://HOST:PORT is accepted")
    config = {
        "@type": _TYPE_URL + "envoy.config.trace.v3.OpenTelemetryConfig",
        "service_name": "digits-gateway",
        "http_service": {
            "http_uri": {"uri": endpoint.rstrip("/") + "/v1/traces", "cluster": "traces", "timeout": "1s"}
        },
    }
    cluster = _named_host("traces", parts.hostname, parts.port or 4318)
    return {"provider": {"name": "envoy.tracers.opentelemetry", "typed_config": config}}, [cluster]


def _to_learner(learner: tuple[str, int] | None, timeout: str) -> dict[str, Any]:
    """What becomes of a request to the learner; the host that it is asked by is its own."""
    if learner is None:
        words = "no learner runs behind this gateway; scripts/gateway.py --learner HOST:PORT names one"
        return {"direct_response": {"status": 404, "body": {"inline_string": words}}}
    host, port = learner
    within = {"pattern": {"regex": "^/learner"}, "substitution": ""}
    asked_as = {"host_rewrite_literal": f"{host}:{port}"}
    return {"route": {"cluster": "learner", "regex_rewrite": within, "timeout": timeout} | asked_as}


def _named_host(cluster: str, host: str, port: int) -> dict[str, Any]:
    """A cluster of one host, whose name is looked up again and again."""
    return {
        "name": cluster,
        "type": "STRICT_DNS",
        "connect_timeout": "1s",
        "load_assignment": _endpoints(cluster, [(host, port)]),
    }


def _assignment(cluster: str, addresses: Sequence[tuple[str, int]]) -> dict[str, Any]:
    return {"@type": _TYPE_URL + "envoy.config.endpoint.v3.ClusterLoadAssignment"} | _endpoints(cluster, addresses)


def _endpoints(cluster: str, addresses: Sequence[tuple[str, int]]) -> dict[str, Any]:
    endpoints = [
        {"endpoint": {"address": {"socket_address": {"address": host, "port_value": port}}}} for host, port in addresses
    ]
    return {"cluster_name": cluster, "endpoints": [{"lb_endpoints": endpoints}]}


def _principals(keys: Sequence[Key], scope: str, allows_anonymous: bool) -> list[dict[str, Any]]:
    """Whom a route lets in: any of the keys with its scope, and whoever sends none where that is allowed."""
    principals: list[dict[str, Any]] = [
        {"header": {"name": "authorization", "string_match": {"exact": f"Bearer {key.secret}"}}}
        for key in keys
        if scope in key.scopes
    ]
    if allows_anonymous:
        principals.append({"not_id": {"header": {"name": "authorization", "present_match": True}}})
    return principals or [{"not_id": {"any": True}}]
