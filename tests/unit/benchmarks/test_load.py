"""What is read from wrk's output."""

import pytest

from benchmarks.load import parse
from model.errors import OperatorError


def test_what_wrk_measured_is_read_from_the_scripts_line() -> None:
    line = '{"requests": 300, "microseconds": 2000000, "p50_us": 1500, "p99_us": 9000, "max_us": 20000'
    assert parse(f"Running 2s test\n{line}, " + '"statuses": 2, "sockets": 1}\n') == {
        "requests": 300,
        "requests_per_s": 149.0,
        "p50_ms": 1.5,
        "p99_ms": 9.0,
        "max_ms": 20.0,
        "errors": 3,
    }


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("unable to connect", "wrk printed no result: .*unable to connect"),
        ('{"requests": 0, "sockets": 7}', r"no request was answered \(7 sockets failed\)"),
    ],
)
def test_a_run_that_measured_nothing_is_an_error(output: str, message: str) -> None:
    with pytest.raises(OperatorError, match=message):
        parse(output)
