"""deploy/compose.yaml has the shape of the Compose specification, names nothing that is not there, and confines all."""

from __future__ import annotations

import re
import shutil
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from model.locations import ROOT
from serving.gateway.envoy import DRAIN_TIMEOUT_S as GATEWAY_DRAIN_S
from serving.gateway.keys import KEY_FILE
from serving.gateway.open_inference_grpc import TIMEOUT_S as GRPC_DRAIN_S
from serving.settings import read_config, read_ports
from serving.supervisor import DRAIN_TIMEOUT_S as NODE_DRAIN_S
from serving.torchserve_guard import GRACE_S
from tests.unit.deploy.composition import FILE, FOLDER, Compose, find_broken, gateway_of, listens, load, node_options


@pytest.fixture
def compose() -> Compose:
    return deepcopy(load())


def shape_problem(compose: Compose) -> str | None:
    """What the Compose specification does not allow, unknown fields included."""
    try:
        PyCompose.from_yaml(yaml.safe_dump(compose))
    except ValueError as error:
        return str(error)
    return None


def changed(compose: Compose, path: list[Any], value: object) -> Compose:
    """A copy with another value at a path; None deletes it."""
    copy = deepcopy(compose)
    parent: Any = copy
    for step in path[:-1]:
        parent = parent[step]
    if value is None:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return copy


def test_it_has_the_shape_of_the_specification(compose: Compose) -> None:
    assert shape_problem(compose) is None


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (["services", "node", "read_olny"], True, "read_olny"),
        (["services", "node", "read_only"], "maybe", "read_only"),
        (["services", "gateway", "healthcheck", "interval"], "ten", "interval"),
        (["services", "gateway", "ports"], ["84x3:8443"], "84x3"),
        (["services", "gateway", "depends_on", "node", "condition"], "service_ready", "service_ready"),
        (["services", "node", "deploy", "resources", "limits", "memory"], "2 gigs", "memory"),
        (["service"], {}, "service"),
    ],
)
def test_another_shape_is_an_error(path: list[Any], value: object, problem: str, compose: Compose) -> None:
    assert problem in str(shape_problem(changed(compose, path, value)))


def test_docker_compose_reads_it() -> None:
    command = shutil.which("docker-compose")
    if command is None:
        pytest.skip("no docker-compose: its own check of deploy/compose.yaml was not run")
    for profile in ([], ["--profile", "learner"]):
        result = subprocess.run(
            [command, "--file", str(FILE), *profile, "config", "--quiet"], capture_output=True, text=True
        )
        assert (result.returncode, result.stderr) == (0, "")


def test_everything_that_is_named_is_there(compose: Compose) -> None:
    assert set(compose["services"]) == {
        *("node", "follow", "gateway"),
        *("prometheus", "alertmanager", "grafana", "database"),
    }
    assert find_broken(compose) == []


NODE, GATEWAY = ["services", "node"], ["services", "gateway"]
PROMETHEUS, GRAFANA = ["services", "prometheus"], ["services", "grafana"]

BROKEN: dict[str, tuple[list[Any], object, str]] = {
    "a volume": ([*GATEWAY, "volumes", 0, "source"], "state", "gateway: no state in volumes"),
    "a volume that nobody uses": (["volumes", "more"], {}, "nobody uses more of volumes"),
    "a network": ([*NODE, "networks"], ["node"], "node: no node in networks"),
    "a config": ([*NODE, "configs", 0, "source"], "settings", "node: no settings in configs"),
    "a secret": (["services", "database", "secrets"], ["password"], "database: no password in secrets"),
    "the file of a config": (["configs", "rules", "file"], "prometheus/rule.yaml", "no file prometheus/rule.yaml"),
    "where a file is mounted": ([*PROMETHEUS, "configs", 1, "target"], "/rules.yaml", "/etc/prometheus/rules.yaml is"),
    "where a secret is mounted": (
        ["services", "alertmanager", "secrets", 0, "target"],
        "/etc/alertmanager/soon",
        "/etc/alertmanager/now is nothing",
    ),
    "the settings of a node": ([*NODE, "configs", 0, "target"], "/in-pod.properties", "/settings/in-pod.properties is"),
    "a folder to write to": ([*NODE, "tmpfs"], ["/more"], "/logs is nothing that is mounted"),
    "the dashboard": ([*GRAFANA, "environment", "DASHBOARDS"], "/dashboard", "/dashboard is nothing"),
    "what is waited for": ([*GATEWAY, "depends_on"], {"nodes": {"condition": "service_started"}}, "no service"),
    "the health that is waited for": ([*PROMETHEUS, "healthcheck"], None, "the health of prometheus, which has no"),
    "what only a profile starts": (
        [*GATEWAY, "depends_on", "database"],
        {"condition": "service_started"},
        "database, which is not always started",
    ),
    "the port that is published": ([*GATEWAY, "ports"], ["8443:8442"], "gateway: publishes 8442"),
    "an address that is published": ([*PROMETHEUS, "ports"], ["9090:9090"], "9090:9090 to other machines"),
    "the port of a health check": (
        [*GRAFANA, "healthcheck", "test"],
        ["CMD", "wget", "http://127.0.0.1:3001/"],
        "asked at 3001",
    ),
    "the script of a health check": (
        [*GATEWAY, "healthcheck", "test", 2],
        "scripts/prob.py",
        "prob.py, which is no file",
    ),
    "where Grafana finds Prometheus": (
        [*GRAFANA, "environment", "PROMETHEUS_URL"],
        "http://prometheus:9091",
        "nobody listens at prometheus:9091 for grafana",
    ),
    "the port of a node": (["services", "follow", "command", 3], "8081", "nobody listens at node:8081"),
    "the name of a node": (["services", "follow", "command", 2], "nodes", "nobody listens at nodes:8080"),
    "a network in common": ([*PROMETHEUS, "networks"], ["monitoring"], "nobody listens at node:8082 for prometheus"),
    "the port of statistics": ([*GATEWAY, "command", 5], "--metrics-port=8445", "nobody listens at gateway:8444"),
    "the address of statistics": ([*GATEWAY, "command", 4], "--metrics-address=127.0.0.1", "listens at gateway:8444"),
    "no version": ([*GRAFANA, "image"], "docker.io/grafana/grafana", "is not pinned"),
    "the latest version": ([*GRAFANA, "image"], "docker.io/grafana/grafana:latest", "is not pinned"),
    "another image": ([*GATEWAY, "image"], "digits:0.0.1", "gateway has another image"),
    "privileges": ([*NODE, "privileged"], True, "node: has rights of the host"),
    "the host's network": ([*NODE, "network_mode"], "host", "node: has rights of the host"),
    "a capability": ([*NODE, "cap_add"], ["NET_ADMIN"], "node: has rights of the host"),
    "kept capabilities": ([*NODE, "cap_drop"], None, "node: keeps capabilities"),
    "new privileges": ([*NODE, "security_opt"], None, "node: keeps capabilities"),
    "a root file system to write to": ([*NODE, "read_only"], None, "node: writes to its root"),
    "another user": ([*NODE, "user"], "0:0", "node: runs as another user"),
    "no limit of memory": ([*NODE, "deploy", "resources", "limits", "memory"], None, "node: has no limit of memory"),
    "a folder of the host": (
        [*GATEWAY, "volumes", 0],
        {"type": "bind", "source": "/var/run", "target": "/state"},
        "gateway: mounts a folder of the host",
    ),
}


@pytest.mark.parametrize("mistake", BROKEN)
def test_a_mistake_is_found(mistake: str, compose: Compose) -> None:
    path, value, problem = BROKEN[mistake]
    assert any(problem in one for one in find_broken(changed(compose, path, value)))


@pytest.mark.parametrize("service", ["node", "gateway"])
def test_an_option_that_a_script_does_not_know_is_found(
    service: str, compose: Compose, capsys: pytest.CaptureFixture[str]
) -> None:
    described = compose["services"][service]
    described["command"].append("--no-such-option")
    with pytest.raises(SystemExit):
        gateway_of(described) if service == "gateway" else node_options(described)
    assert "--no-such-option" in capsys.readouterr().err


def test_only_the_gateway_is_open_to_other_machines_and_asks_for_keys(compose: Compose) -> None:
    gateway = gateway_of(compose["services"]["gateway"])
    assert compose["services"]["gateway"]["ports"] == ["8443:8443"]
    assert gateway.settings.uses_tls and not gateway.settings.allows_anonymous
    open_elsewhere = {name for name, one in compose["services"].items() if one.get("ports")}
    assert open_elsewhere == {"gateway", "prometheus", "grafana"}
    assert compose["networks"]["nodes"]["internal"]


def test_the_gateway_reads_the_list_of_nodes_that_follow_writes(compose: Compose) -> None:
    gateway, follow = compose["services"]["gateway"], compose["services"]["follow"]
    [written] = [one for one in follow["volumes"] if one["target"] == follow["command"][-1]]
    [read] = [one for one in gateway["volumes"] if one["source"] == written["source"]]
    assert read["read_only"] and gateway_of(gateway).nodes_file == Path(read["target"]) / "nodes"


def test_the_health_of_the_gateway_is_a_prediction_with_one_of_its_keys(compose: Compose) -> None:
    described = compose["services"]["gateway"]
    gateway, test = gateway_of(described), described["healthcheck"]["test"]
    assert test[:3] == ["CMD", "python", "scripts/probe.py"]
    assert test[3:] == [
        f"https://127.0.0.1:{gateway.settings.port}/predictions/mnist",
        f"--keys={gateway.state_folder / KEY_FILE}",
    ]


def test_a_node_opens_what_the_gateway_and_prometheus_ask(compose: Compose) -> None:
    node = compose["services"]["node"]
    options = node_options(node)
    [config] = [one for one in node["configs"] if one["target"] == str(options.settings)]
    text = read_config(FOLDER / compose["configs"][config["source"]]["file"])
    lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    assert options.no_page
    assert lines["inference_address"] == f"http://0.0.0.0:{read_ports().inference}"
    assert lines["metrics_address"] == f"http://0.0.0.0:{read_ports().metrics}"
    assert lines["grpc_inference_address"] == "0.0.0.0"  # noqa: S104 - what is said, not a server
    assert lines["management_address"].startswith("http://127.0.0.1:")
    assert listens("node", node) == {read_ports().inference, read_ports().grpc_inference, read_ports().metrics}


@pytest.mark.parametrize(("name", "drain_s"), [("node", NODE_DRAIN_S), ("gateway", GATEWAY_DRAIN_S + GRPC_DRAIN_S)])
def test_a_container_has_time_to_answer_what_it_holds(name: str, drain_s: float, compose: Compose) -> None:
    assert float(compose["services"][name]["stop_grace_period"].removesuffix("s")) >= drain_s + GRACE_S


def test_the_image_has_the_version_of_the_package(compose: Compose) -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version and compose["services"]["node"]["image"] == f"digits:{version[1]}"


def test_it_holds_no_secret(compose: Compose) -> None:
    variables = [name for one in compose["services"].values() for name in one.get("environment", {})]
    named = [name for name in variables if re.search("PASSWORD|SECRET|TOKEN|KEY", name)]
    assert named and all(name.endswith("_FILE") for name in named)
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())
