"""The command line of `make gateway`, where it needs no server."""

import socket
from pathlib import Path

import pytest

from scripts import gateway
from scripts.gateway import build_parser, gateway_of
from scripts.gateway_progress import TerminalObserver
from serving.gateway.configuration import GatewayError
from serving.gateway.description import Gateway
from serving.settings import LOOPBACK


def test_the_statistics_need_a_port_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        gateway.main(["--port", "9000", "--metrics-port", "9000"])
    assert error.value.code == 2
    assert "they must differ" in capsys.readouterr().err


def test_a_port_that_cannot_be_used_is_named_with_its_option(tmp_path: Path) -> None:
    folders = [f"--state-dir={tmp_path}", f"--log-dir={tmp_path}"]
    with socket.create_server((LOOPBACK, 0)) as taken, pytest.raises(GatewayError, match="choose another") as error:
        gateway.main([*folders, f"--metrics-port={taken.getsockname()[1]}", f"--port={free_port()}"])
    assert "(--metrics-port)" in str(error.value)
    with pytest.raises(GatewayError, match=r"port 65536 .* must be 0-65535"):
        gateway.main([*folders, "--port=65535"])


def free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as probe:
        return int(probe.getsockname()[1])


def described(*arguments: str) -> Gateway:
    parser = build_parser()
    return gateway_of(parser.parse_args(arguments), parser)


def test_the_page_has_the_names_that_the_operator_allows() -> None:
    assert described().allowed_hosts == []
    assert described("--allow-host=Digits.Example", "--allow-host=.example").allowed_hosts == [
        "digits.example",
        ".example",
    ]


def test_it_is_tried_by_an_address_that_leads_to_it() -> None:
    assert described().url == "https://127.0.0.1:8443"
    everywhere = "--address=0.0.0.0"
    assert described(everywhere).url == "https://localhost:8443"
    assert described(everywhere, "--allow-host=.example").url == "https://localhost:8443"
    assert described(everywhere, "--allow-host=.example", "--allow-host=digits.example").url.startswith(
        "https://digits.example:"
    )


def test_plain_http_beyond_loopback_is_for_a_gateway_without_keys(capsys: pytest.CaptureFixture[str]) -> None:
    opened = described("--address=0.0.0.0", "--no-tls", "--anonymous=yes").settings
    assert (opened.uses_tls, opened.allows_anonymous) == (False, True)
    for keys in ([], ["--anonymous=no"]):
        with pytest.raises(SystemExit) as error:
            described("--address=0.0.0.0", "--no-tls", *keys)
        assert error.value.code == 2
        assert "keys would cross the network" in capsys.readouterr().err


def test_a_key_is_not_written_to_the_log_of_a_service(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for address, is_shown in (("127.0.0.1", True), ("0.0.0.0", False)):  # noqa: S104 - nothing listens
        gateway = described(f"--address={address}", f"--state-dir={tmp_path / address}")
        secret = gateway.key_file.add("first", ["predict"]).secret
        TerminalObserver(gateway).ready(1.0)
        said = capsys.readouterr().out
        assert "Authorization: Bearer" in said
        assert (secret in said) is is_shown


def test_the_nodes_archive_may_have_to_have_a_digest(tmp_path: Path) -> None:
    digest = "sha256:" + "0" * 64
    assert described().digest is None
    assert described("--digest", digest).digest == digest
