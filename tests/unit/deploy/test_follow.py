"""What runs beside the gateway in its pod: the shell script that tells it of nodes and keys."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.gateway.configuration import Node
from serving.gateway.fleet import lines_of
from tests.unit.deploy.manifests import KUBERNETES
from tests.waiting import TIMEOUT_S, eventually

SCRIPT = KUBERNETES / "base" / "gateway" / "follow.sh"


@pytest.fixture
def following(tmp_path: Path) -> Iterator[Path]:
    """A folder in which the script runs; `names` there stands for the name server's answer, one address a line."""
    (tmp_path / "state").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "names").write_text("10.0.0.8\n10.0.0.7\n")
    (tmp_path / "keys.json").write_text('{"keys": []}')
    getent = tmp_path / "bin" / "getent"
    # As glibc's: each address once for each kind of socket; exit status 2 where there is none.
    getent.write_text(
        f"#!/bin/sh\n[ -s {tmp_path}/names ] || exit 2\n"
        f'while read -r one; do echo "$one STREAM $2"; echo "$one DGRAM"; done < {tmp_path}/names\n'
    )
    getent.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    command = ["sh", str(SCRIPT), "digits-node", "8080", str(tmp_path / "keys.json"), str(tmp_path / "state")]
    process = subprocess.Popen(command, env=environment)
    try:
        eventually((tmp_path / "state" / "keys.json").exists)
        yield tmp_path
    finally:
        process.terminate()
        assert process.wait(TIMEOUT_S) == 0


def nodes(folder: Path) -> list[Node]:
    return [Node.parse(line) for line in lines_of(folder / "state" / "nodes")]


def test_the_nodes_are_those_that_the_name_has(following: Path) -> None:
    assert nodes(following) == [Node("10.0.0.7", 8080, 7070), Node("10.0.0.8", 8080, 7070)]
    (following / "names").write_text("10.0.0.9\n")
    eventually(lambda: nodes(following) == [Node("10.0.0.9", 8080, 7070)])


def test_the_last_nodes_stay_while_there_are_none(following: Path) -> None:
    (following / "names").write_text("")
    (following / "keys.json").write_text('{"keys": [1]}')
    eventually(lambda: "1" in (following / "state" / "keys.json").read_text())
    assert len(nodes(following)) == 2


def test_the_gateway_alone_may_read_the_keys(following: Path) -> None:
    (following / "keys.json").chmod(0o644)
    (following / "keys.json").write_text('{"keys": [1]}')
    eventually(lambda: "1" in (following / "state" / "keys.json").read_text())
    assert (following / "state" / "keys.json").stat().st_mode & 0o077 == 0


def test_without_a_file_of_keys_none_are_copied(tmp_path: Path) -> None:
    process = subprocess.Popen(["sh", str(SCRIPT), "localhost", "8080", "", str(tmp_path)])
    try:
        eventually(lambda: (tmp_path / "nodes").exists() and (tmp_path / "nodes").read_text() != "")
    finally:
        process.terminate()
        assert process.wait(TIMEOUT_S) == 0
    assert [Node.parse(line) for line in lines_of(tmp_path / "nodes")] == [Node("127.0.0.1", 8080, 7070)]
    assert not (tmp_path / "keys.json").exists()
