"""Other people's clients of KServe's protocols are served by the gateway, step by step, as they come."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.faults.gateway_process import GatewayProcess, running_gateway
from model.locations import ROOT
from serving.engines import ENGINES, TORCHSERVE
from serving.settings import SAMPLE

PYTHON = ROOT / ".venv-clients" / "bin" / "python"
TIMEOUT_S = 100
READ = ["mine", ["7"], [[1], [1], [1, 10]]]


def steps_of(client: str, gateway: GatewayProcess) -> Any:
    """What each step of a client gave."""
    assert PYTHON.exists(), "the clients are not installed; `make test` installs them"
    arguments = [gateway.url, str(gateway.certificate), gateway.keys.read()[0].secret, str(SAMPLE)]
    proxies = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}
    environment = {name: value for name, value in os.environ.items() if name.upper() not in proxies}
    script = ROOT / "tests" / "clients" / f"{client}_steps.py"
    result = subprocess.run(
        [PYTHON, script, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S, env=environment
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """What serves the archive behind the gateway."""
    return str(request.param)


@pytest.fixture(scope="module")
def gateway(
    engine: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    """Before the shared node, or before a node of its own without TorchServe."""
    if engine == TORCHSERVE:
        yield request.getfixturevalue("node_gateway")
        return
    options = (f"--engine={engine}", "--nodes=1", "--anonymous=no")
    with running_gateway(tmp_path_factory.mktemp("gateway"), *options) as running:
        yield running


@pytest.fixture(scope="module")
def triton(gateway: GatewayProcess) -> Any:
    return steps_of("triton", gateway)


@pytest.fixture(scope="module")
def kserve(gateway: GatewayProcess) -> Any:
    return steps_of("kserve", gateway)


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_triton_sees_the_servers_state(triton: Any, protocol: str, engine: str) -> None:
    steps = triton[protocol]
    assert [steps[step] for step in ("live", "ready", "model ready", "version ready")] == [True] * 4
    server = {"name": engine, "version": "1.0", "extensions": ["binary_tensor_data"]}
    assert protocol == "grpc" or steps["server metadata"] == server
    metadata = steps["model metadata"]
    assert (metadata["name"], metadata["versions"]) == ("mnist", ["1.0"])
    assert [tensor["name"] for tensor in metadata["outputs"]][:2] == ["label", "confidence"]


@pytest.mark.parametrize("step", ["UINT8 True", "FP32 True", "FP16 True", "UINT8 False", "FP32 False"])
@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_triton_reads_tensors_in_binary_and_in_json(triton: Any, protocol: str, step: str) -> None:
    if (protocol, step.partition(" ")[2]) == ("grpc", "False"):
        assert step not in triton[protocol]  # gRPC has no JSON
    else:
        assert triton[protocol][step] == READ


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_triton_reads_files_and_gets_the_outputs_that_it_wants(triton: Any, protocol: str) -> None:
    assert triton[protocol]["BYTES"] == ["mine", ["7", "7"], [[2], [2], [2, 10]]]
    assert triton[protocol]["chosen outputs"] == [True, False]


@pytest.mark.parametrize(
    ("protocol", "statuses"),
    [
        ("http", {"unusable": "400 ", "unknown model": "404 ", "without a key": "401 send a key"}),
        (
            "grpc",
            {
                "unusable": "StatusCode.INVALID_ARGUMENT inputs[0].shape [1]",
                "unknown model": "StatusCode.NOT_FOUND there is no model 'other'",
                "without a key": "StatusCode.UNAUTHENTICATED",
            },
        ),
    ],
)
def test_triton_is_told_what_was_wrong(triton: Any, protocol: str, statuses: dict[str, str]) -> None:
    for step, beginning in statuses.items():
        assert triton[protocol][step].startswith(beginning), triton[protocol][step]


def test_kserve_reads_by_every_protocol(kserve: Any) -> None:
    assert kserve["v1"] == {"model ready": True, "infer": "7"}
    for protocol in ("v2 JSON", "v2 binary"):
        assert kserve[protocol] == {"model ready": True, "live": True, "ready": True, "infer": ["7"]}
    assert kserve["grpc"] == {"live": True, "ready": True, "model ready": True, "infer": [["7"], ["7"]]}
