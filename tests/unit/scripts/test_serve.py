"""The command line of `make serve`, where it needs no server."""

import pytest

from scripts import serve


def test_impossible_ports_are_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        serve.main(["--port", "65535"])
    assert error.value.code == 2
    assert "accepted are 1 to 65535" in capsys.readouterr().err
