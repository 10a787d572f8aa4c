"""Pods start the repository's own programs, with its own settings, and are confined."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from model.artifacts import MODEL_NAME
from model.locations import ROOT
from scripts import gateway, probe, serve
from serving.gateway.description import Gateway
from serving.gateway.envoy import DRAIN_TIMEOUT_S as GATEWAY_DRAIN_S
from serving.gateway.open_inference_grpc import TIMEOUT_S as GRPC_DRAIN_S
from serving.settings import CONFIG_FILE, read_ports, read_properties
from serving.supervisor import DRAIN_TIMEOUT_S as NODE_DRAIN_S
from serving.torchserve_guard import GRACE_S
from tests.unit.deploy.manifests import KSERVE, Manifest, find, parse
from tests.unit.deploy.pods import Pods, pods_of

OPENED = {"inference_address", "metrics_address", "grpc_inference_address"}


def settings(production: str) -> dict[str, str]:
    """The files of the nodes' ConfigMap."""
    [config] = [one for one in parse(production) if one["metadata"]["name"].startswith("digits-node-settings-")]
    data: dict[str, str] = config["data"]
    return data


def workloads(production: str) -> list[Pods]:
    runtime = parse((KSERVE / "runtime.yaml").read_text(encoding="utf-8"))
    return [
        pods_of(one) for one in [*parse(production), *runtime] if one["kind"] in ("Deployment", "ClusterServingRuntime")
    ]


def container(production: str, name: str) -> Manifest:
    pods = workloads(production)
    [found] = [one for pod in pods for one in pod.containers() if one["name"] == name]
    return found


def test_the_settings_of_a_node_are_the_repositorys_own(production: str) -> None:
    assert settings(production)["config.properties"] == CONFIG_FILE.read_text(encoding="utf-8")


def test_a_node_in_a_pod_opens_what_the_gateway_and_prometheus_ask(production: str, tmp_path: Path) -> None:
    files = settings(production)
    command = container(production, "settings")["command"][-1]
    parts = re.findall(r"/settings/([\w.-]+)", command)
    (tmp_path / "config.properties").write_text("".join(files[part] for part in parts))
    own, in_pod = read_properties(), read_properties(tmp_path / "config.properties")
    assert {key for key in in_pod if in_pod[key] != own.get(key)} == OPENED
    assert all("0.0.0.0" in in_pod[key] for key in OPENED)  # noqa: S104 - what is said, not a server
    assert read_ports(tmp_path / "config.properties") == read_ports()


def test_the_ports_of_a_node_are_those_of_its_settings(production: str) -> None:
    ports = read_ports()
    declared = {port["name"]: port["containerPort"] for port in container(production, "node")["ports"]}
    assert declared == {"http": ports.inference, "grpc": ports.grpc_inference, "metrics": ports.metrics}


def gateway_in(manifest: Manifest) -> Gateway:
    assert manifest["command"] == ["python", "scripts/gateway.py"]
    parser = gateway.build_parser()
    return gateway.gateway_of(parser.parse_args(manifest["args"]), parser)


def test_the_gateway_asks_for_keys_and_serves_its_page_under_the_name_of_the_route(production: str) -> None:
    described = gateway_in(container(production, "gateway"))
    assert described.settings.uses_tls and not described.settings.allows_anonymous
    assert (described.local_nodes, described.nodes_file) == (0, Path("/state/nodes"))
    [port] = container(production, "gateway")["ports"]
    assert port["containerPort"] == described.settings.port
    route = find(parse(production), "HTTPRoute/digits")
    trusted = find(parse(production), "BackendTLSPolicy/digits-gateway")["spec"]["validation"]["hostname"]
    assert route["spec"]["hostnames"] == described.allowed_hosts == [trusted]


def test_kserve_asks_a_gateway_with_one_node_and_plain_http(production: str) -> None:
    kserve = container(production, "kserve-container")
    described = gateway_in(kserve)
    assert (described.settings.uses_tls, described.settings.allows_anonymous) == (False, True)
    assert (described.local_nodes, described.settings.port) == (1, kserve["ports"][0]["containerPort"])
    assert described.ports.inference != described.settings.port
    service = parse((KSERVE / "inference-service.yaml").read_text(encoding="utf-8"))[0]
    assert service["metadata"]["name"] == MODEL_NAME


def test_a_node_is_started_with_options_that_it_knows(production: str) -> None:
    python, script, *arguments = container(production, "node")["command"]
    assert (python, script) == ("python", "scripts/serve.py")
    options = serve.build_parser(read_ports()).parse_args(arguments)
    assert options.no_page and options.archive == Path("model_store/mnist.mar")


def test_ready_means_that_a_digit_was_read(production: str) -> None:
    node, kserve = container(production, "node"), container(production, "kserve-container")
    for asked in (node["readinessProbe"], node["startupProbe"], kserve["readinessProbe"]):
        assert asked["exec"]["command"] == ["python", Path(probe.__file__).relative_to(ROOT).as_posix()]
        assert asked["timeoutSeconds"] > probe.TIMEOUT_S
    patience_s = node["startupProbe"]["periodSeconds"] * node["startupProbe"]["failureThreshold"]
    assert patience_s > serve.build_parser(read_ports()).get_default("timeout_s")


@pytest.mark.parametrize(
    ("name", "drain_s"), [("digits-node", NODE_DRAIN_S), ("digits-gateway", GATEWAY_DRAIN_S + GRPC_DRAIN_S)]
)
def test_a_pod_has_time_to_answer_what_it_holds(name: str, drain_s: float, production: str) -> None:
    spec = pods_of(find(parse(production), f"Deployment/{name}")).spec
    pause_s = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert spec["terminationGracePeriodSeconds"] >= pause_s + drain_s + GRACE_S


def test_every_container_keeps_to_the_restricted_profile(production: str) -> None:
    namespace = find(parse(production), "Namespace/digits")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for pods in workloads(production):
        for one in pods.containers():
            context: dict[str, Any] = pods.spec.get("securityContext", {}) | one["securityContext"]
            assert context["runAsNonRoot"] and context["runAsUser"] > 0, one["name"]
            assert context["seccompProfile"] == {"type": "RuntimeDefault"}
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert context["readOnlyRootFilesystem"] is True
            assert {"memory"} == set(one["resources"]["limits"]) <= set(one["resources"]["requests"])


def test_all_pods_have_the_image_of_this_version(production: str) -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version
    images = {one["image"] for pods in workloads(production) for one in pods.containers()}
    assert images == {f"registry.example/digits:{version[1]}"}
    service = parse((KSERVE / "inference-service.yaml").read_text(encoding="utf-8"))[0]
    assert service["spec"]["predictor"]["model"]["runtimeVersion"] == version[1]


def test_no_zone_has_two_pods_more_than_another_in_production(production: str) -> None:
    for name in ("digits-node", "digits-gateway"):
        constraints = pods_of(find(parse(production), f"Deployment/{name}")).spec["topologySpreadConstraints"]
        rules = {one["topologyKey"]: (one["maxSkew"], one["whenUnsatisfiable"]) for one in constraints}
        assert rules == {
            "kubernetes.io/hostname": (1, "ScheduleAnyway"),
            "topology.kubernetes.io/zone": (1, "DoNotSchedule"),
        }
