"""The handler with TorchServe's real context: every item of a batch gets its own answer."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from ts.context import Context, RequestProcessor

from handler.digit_handler import DigitHandler
from handler.packaging import LABELS, RELEASED
from tests.drawing import DIGITS, draw_digit, encoded

BATCH = 8


def png(digit: int) -> bytes:
    return encoded(draw_digit(digit))


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as TorchServe unpacks the archive."""
    folder = tmp_path_factory.mktemp("model")
    for path in (LABELS, *RELEASED.iterdir()):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture
def context(model_dir: Path) -> Context:
    return Context("mnist", str(model_dir), {"model": {"modelVersion": "1.0"}}, BATCH, None, "0.12.0")


@pytest.fixture
def handler(context: Context) -> Iterator[DigitHandler]:
    threads = torch.get_num_threads()
    handler = DigitHandler()
    handler.initialize(context)
    yield handler
    torch.set_num_threads(threads)


def ask(handler: DigitHandler, context: Context, requests: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """Hand over a batch as TorchServe does; status and answer of each item."""
    context.request_processor = [RequestProcessor({}) for _ in requests]
    answers = handler.handle(requests, context)
    assert all(context.get_response_content_type(i) == "application/json" for i in range(len(requests)))
    return [(context.get_response_status(i)[0], json.loads(answer)) for i, answer in enumerate(answers)]


def test_each_digit_is_read(handler: DigitHandler, context: Context) -> None:
    answers = ask(handler, context, [{"body": png(digit)} for digit in DIGITS])
    assert [(status, answer["label"]) for status, answer in answers] == [(200, str(digit)) for digit in DIGITS]
    assert all(answer["recognised"] for _, answer in answers)
    assert {(answer["model"], answer["version"]) for _, answer in answers} == {("mnist", "1.0")}


def test_a_bad_item_does_not_harm_its_neighbours(handler: DigitHandler, context: Context) -> None:
    bad = [{"body": b"no picture"}, {"body": b'{"image": 1}'}, {"body": b""}, {}]
    requests = [item for digit, wrong in zip((3, 1, 4, 5), bad, strict=True) for item in ({"body": png(digit)}, wrong)]
    answers = ask(handler, context, requests)
    alone = [ask(handler, context, [request])[0] for request in requests]
    assert [status for status, _ in answers] == [200, 415, 200, 400, 200, 415, 200, 400]
    for (status, answer), (status_alone, answer_alone) in zip(answers, alone, strict=True):
        assert status == status_alone
        assert answer.get("label") == answer_alone.get("label")
        assert answer.get("confidence") == pytest.approx(answer_alone.get("confidence"), abs=1e-5)


def test_a_batch_without_a_single_picture_is_answered(handler: DigitHandler, context: Context) -> None:
    assert [status for status, _ in ask(handler, context, [{}, {"body": b"x"}])] == [400, 415]


def test_a_fault_of_ours_stays_with_its_item(
    handler: DigitHandler, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_on_fives(data: bytes) -> object:
        if data == png(5):
            raise ZeroDivisionError("/secret")
        return draw_digit(7)

    monkeypatch.setattr("handler.digit_handler.decode_picture", fail_on_fives)
    answers = ask(handler, context, [{"body": png(7)}, {"body": png(5)}, {"body": png(7)}])
    assert [status for status, _ in answers] == [200, 500, 200]
    assert "secret" not in str(answers[1])
