"""Envoy's files: Envoy itself takes them, with every setting; what they say of keys and nodes."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from release.versions.records import Trial
from serving.gateway.certificate import own_certificate
from serving.gateway.configuration import Asked, Configuration, GatewayError, Node, Routing, Settings
from serving.gateway.envoy import find_envoy
from serving.gateway.keys import Key

KEYS = [
    Key("ann", "secret-of-ann", ("predict", "admin"), "2026-01-01T00:00:00Z"),
    Key("bob", "secret-of-bob", ("teach",), "2026-01-01T00:00:00Z"),
]


SETTINGS = Settings(
    "127.0.0.1", 8443, page_port=8000, grpc_port=8091, requests_per_s=10, allows_anonymous=False, uses_tls=True
)


NODES = [Node("127.0.0.1", 8080, 7070), Node("10.0.0.7", 8180, 7170)]


def written(
    folder: Path, keys: list[Key], settings: Settings = SETTINGS, trial: Trial | None = None, asked: Asked | None = None
) -> Configuration:
    """A whole configuration in a folder."""
    configuration = Configuration(folder, folder, settings)
    configuration.write_start()
    configuration.write_nodes(asked or Asked(NODES, len(NODES)))
    configuration.write_routes(Routing(keys, "1.0", ["1.0", "1.1-b"], trial))
    configuration.write_certificate(own_certificate(folder).read())
    return configuration


@pytest.mark.parametrize("uses_tls", [True, False])
@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:4318"])
@pytest.mark.parametrize(("trial", "learner"), [(None, None), (Trial("1.1-b", 10), ("learner", 8090))])
def test_envoy_accepts_it(
    tmp_path: Path,
    uses_tls: bool,
    endpoint: str | None,
    trial: Trial | None,
    learner: tuple[str, int] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if endpoint:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    configuration = written(tmp_path, KEYS, replace(SETTINGS, uses_tls=uses_tls, learner=learner), trial)
    result = subprocess.run(
        [find_envoy(), "--mode", "validate", "--config-path", configuration.path], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr[-2000:]


def routes(folder: Path) -> str:
    return (folder / "routes.json").read_text()


def test_only_keys_of_the_scope_open_predictions(tmp_path: Path) -> None:
    written(tmp_path, KEYS)
    assert "Bearer secret-of-ann" in routes(tmp_path)
    assert "secret-of-bob" not in routes(tmp_path)


def test_without_keys_nobody_is_let_in_but_the_anonymous_where_they_are_allowed(tmp_path: Path) -> None:
    def principals(allows_anonymous: bool) -> Any:
        written(tmp_path, [], replace(SETTINGS, allows_anonymous=allows_anonymous))
        [host] = json.loads(routes(tmp_path))["resources"][0]["virtual_hosts"]
        [guard, *_] = [
            route["typed_per_filter_config"] for route in host["routes"] if "typed_per_filter_config" in route
        ]
        return guard["envoy.filters.http.rbac"]["rbac"]["rules"]["policies"]["predict"]["principals"]

    assert principals(False) == [{"not_id": {"any": True}}]
    assert principals(True) == [{"not_id": {"header": {"name": "authorization", "present_match": True}}}]


def test_the_nodes_together_hold_so_many_requests_each(tmp_path: Path) -> None:
    written(tmp_path, KEYS, replace(SETTINGS, requests_per_node=7))
    [limits] = json.loads((tmp_path / "limits.json").read_text())["resources"]
    held = {"default": {"max_requests": 2 * 7}}
    assert limits["layer"]["circuit_breakers"] == {"nodes": held, "nodes_grpc": held}


def test_a_node_that_rests_leaves_its_share_of_the_requests_to_the_others(tmp_path: Path) -> None:
    written(tmp_path, KEYS, replace(SETTINGS, requests_per_node=7), asked=Asked(NODES[:1], 2))
    [limits] = json.loads((tmp_path / "limits.json").read_text())["resources"]
    assert limits["layer"]["circuit_breakers"]["nodes"]["default"]["max_requests"] == 2 * 7


def test_only_a_trial_draws_a_share_and_has_its_requests_copied(tmp_path: Path) -> None:
    def drawn_and_copied(trial: Trial | None) -> tuple[set[int], set[int]]:
        written(tmp_path, KEYS, trial=trial)
        [host] = json.loads(routes(tmp_path))["resources"][0]["virtual_hosts"]
        drawn = {
            route["match"]["runtime_fraction"]["default_value"]["numerator"]
            for route in host["routes"]
            if "runtime_fraction" in route["match"]
        }
        copied = {
            copy["runtime_fraction"]["default_value"]["numerator"]
            for route in host["routes"]
            for copy in route.get("route", {}).get("request_mirror_policies", [])
        }
        return drawn, copied

    assert drawn_and_copied(None) == ({0}, {0})
    assert drawn_and_copied(Trial("1.1-b", 10)) == ({10}, {100})
    assert drawn_and_copied(Trial("1.1-b", 0)) == ({0}, {100})


def test_only_the_owner_can_read_what_holds_secrets(tmp_path: Path) -> None:
    written(tmp_path, KEYS)
    assert {(tmp_path / f"{name}.json").stat().st_mode & 0o777 for name in ("routes", "certificate")} == {0o600}


def test_a_nodes_grpc_port_keeps_torchserves_distance(tmp_path: Path) -> None:
    assert Node.parse("http://10.0.0.7:8180") == Node("10.0.0.7", 8180, 7170)
    assert Node.parse("10.0.0.7") == Node("10.0.0.7", 8080, 7070)


@pytest.mark.parametrize("url", ["https://10.0.0.7", "http://", "http://10.0.0.7/path", "http://10.0.0.7:port"])
def test_another_address_than_a_nodes_is_refused(url: str) -> None:
    with pytest.raises(GatewayError, match="is not the address of a node"):
        Node.parse(url)


def test_traces_go_over_plain_http_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://collector")
    with pytest.raises(GatewayError, match="OTEL_EXPORTER_OTLP_ENDPOINT"):
        written(tmp_path, KEYS)
