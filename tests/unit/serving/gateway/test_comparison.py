"""What a comparison takes for a reading, in each protocol."""

from typing import Any

import pytest

from serving.gateway.comparison import Side, Tally, readings_of


@pytest.mark.parametrize(
    ("status", "answer", "readings"),
    [
        (200, {"label": "7", "recognised": True}, [("7", True)]),
        (200, {"predictions": [{"label": "7", "recognised": True}, {"label": "1", "recognised": False}]},
         [("7", True), ("1", False)]),
        (200, {"outputs": [{"name": "label", "data": ["4", "2"]}, {"name": "recognised", "data": [True, False]}]},
         [("4", True), ("2", False)]),
        (422, {"code": 422, "message": "blank"}, [("422", False)]),
    ],
)  # fmt: skip
def test_every_protocols_answer_is_read(status: int, answer: dict[str, Any], readings: list[tuple[str, bool]]) -> None:
    assert readings_of(status, answer) == readings


@pytest.mark.parametrize(("status", "answer"), [(503, {"code": 503}), (200, {"other": 1}), (200, {"outputs": []})])
def test_what_is_no_reading_counts_as_failed(status: int, answer: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError)):
        readings_of(status, answer)


def test_figures_tell_percentiles_of_the_latest_seconds() -> None:
    champion, trial = Side("1.0", refused=1), Side("1.1", failed=2)
    champion.seconds.extend([0.01, 0.02, 0.03])
    figures = Tally((champion, trial), asked=3, agreed=2).figures()
    assert figures == {
        "asked": 3,
        "agreed": 2,
        "champion": {"version": "1.0", "refused": 1, "failed": 0, "p50_ms": 20.0, "p99_ms": 29.8},
        "trial": {"version": "1.1", "refused": 0, "failed": 2},
    }
