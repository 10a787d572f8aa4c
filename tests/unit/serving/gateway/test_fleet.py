"""Which nodes are asked, and whether all of them can have a version on trial."""

from __future__ import annotations

from pathlib import Path

import pytest

from release.archive_digest import CheckedArchive
from serving.engines import STARLETTE, TORCHSERVE
from serving.followed_versions import Wanted
from serving.gateway.configuration import GatewayError, Settings
from serving.gateway.description import Gateway
from serving.gateway.fleet import Fleet
from serving.gateway.keys import KeyFile
from serving.settings import LOOPBACK, read_ports

WANTED = Wanted(1, tuple(CheckedArchive(Path(f"{name}.mar"), b"", name) for name in ("1.1", "1.0")))


def fleet_of(folder: Path, urls: tuple[str, ...] = (), lines: str | None = None, engine: str = TORCHSERVE) -> Fleet:
    file = None
    if lines is not None:
        file = folder / "nodes"
        file.write_text(lines)
    gateway = Gateway(
        Settings(LOOPBACK, 8443, 0, 0, 1000, allows_anonymous=True, uses_tls=True),
        local_nodes=2,
        ports=read_ports(),
        node_urls=urls,
        nodes_file=file,
        key_file=KeyFile(folder / "keys.json"),
        certificate=None,
        state_folder=folder,
        log_folder=folder,
        archive=None,
        timeout_s=1.0,
        engine=engine,
    )
    return Fleet(gateway, WANTED, lambda node: None)


def test_a_resting_node_is_not_asked_and_counts(tmp_path: Path) -> None:
    fleet = fleet_of(tmp_path, ("http://10.0.0.7",), "# more\n\n10.0.0.8:9000 # the spare one\n")
    addresses = [8080, 8180, 8080, 9000]
    assert [node.port for node in fleet.asked().nodes] == addresses
    fleet.resting = fleet.local[0]
    asked = fleet.asked()
    assert ([node.port for node in asked.nodes], asked.count) == (addresses[1:], 4)


def test_only_a_gateway_whose_nodes_are_all_its_own_takes_trials(tmp_path: Path) -> None:
    assert fleet_of(tmp_path, lines="# none").takes_trials()
    assert not fleet_of(tmp_path, ("http://10.0.0.7",)).takes_trials()
    assert not fleet_of(tmp_path, engine=STARLETTE).takes_trials()


def test_a_wrong_line_of_the_file_is_told_and_takes_no_trials(tmp_path: Path) -> None:
    fleet = fleet_of(tmp_path, lines="ftp://10.0.0.8")
    with pytest.raises(GatewayError, match="not the address of a node"):
        fleet.asked()
    assert not fleet.takes_trials()


def test_starlette_holds_the_champion_alone(tmp_path: Path) -> None:
    assert fleet_of(tmp_path).holdable(WANTED) == WANTED.archives
    assert fleet_of(tmp_path, engine=STARLETTE).holdable(WANTED) == WANTED.archives[:1]


def test_while_no_node_runs_the_champion_alone_is_loaded(tmp_path: Path) -> None:
    assert fleet_of(tmp_path).loaded("1.1") == ["1.1"]
