"""The command line of `make serve`, where it needs no server."""

import pytest

from scripts import serve
from serving.settings import read_ports


def test_impossible_ports_are_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        serve.main(["--port", "65535"])
    assert error.value.code == 2
    assert "accepted are 1 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize("digest", ["", "0" * 64, "sha256:" + "0" * 63, "sha256:" + "g" * 64, "md5:" + "0" * 32])
def test_a_malformed_digest_is_a_usage_error(digest: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        serve.main(["--digest", digest])
    assert error.value.code == 2
    assert "accepted is sha256: and 64 hexadecimal digits" in capsys.readouterr().err


def test_a_digest_may_be_of_upper_case() -> None:
    options = serve.build_parser(read_ports()).parse_args(["--digest", "sha256:" + "AB" * 32])
    assert options.digest == "sha256:" + "ab" * 32
