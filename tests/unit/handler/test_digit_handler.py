"""The handler with TorchServe's real context: every item of a batch gets its own answer."""

import base64
import gc
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from ts.context import Context, RequestProcessor

from handler.digit_handler import DigitHandler
from model.locations import RELEASED
from release.archive import LABELS
from tests import corpus
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


@pytest.fixture(scope="module")
def context(model_dir: Path) -> Context:
    return Context("mnist", str(model_dir), {"model": {"modelVersion": "1.0"}}, BATCH, None, "0.12.0")


@pytest.fixture(scope="module")
def handler(context: Context) -> Iterator[DigitHandler]:
    """One for all tests, as a worker has one for all batches."""
    threads = torch.get_num_threads()
    handler = DigitHandler()
    handler.initialize(context)
    yield handler
    torch.set_num_threads(threads)


def ask(
    handler: DigitHandler,
    context: Context,
    requests: list[dict[str, Any]],
    headers: list[dict[str, str]] | None = None,
) -> list[tuple[int, dict[str, Any]]]:
    """Hand over a batch as TorchServe does; status and answer of each item."""
    context.request_processor = [RequestProcessor(h) for h in headers or [{"explain": "False"} for _ in requests]]
    context.request_ids = {i: f"id-{i}" for i in range(len(requests))}
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

    monkeypatch.setattr("handler.stages.decode_picture", fail_on_fives)
    answers = ask(handler, context, [{"body": png(7)}, {"body": png(5)}, {"body": png(7)}])
    assert [status for status, _ in answers] == [200, 500, 200]
    assert "secret" not in str(answers[1])


EXPLAIN, PREDICT = {"explain": "True"}, {"explain": "False"}


def several(*digits: int) -> dict[str, Any]:
    """A V1 request of several pictures."""
    return {"body": json.dumps({"instances": [base64.b64encode(png(digit)).decode() for digit in digits]}).encode()}


def test_requests_of_several_pictures_among_others_each_get_their_own(handler: DigitHandler, context: Context) -> None:
    answers = ask(handler, context, [{"body": png(1)}, several(2, 3, 4), {"body": b""}, several(5), {"body": png(6)}])
    assert [status for status, _ in answers] == [200, 200, 415, 200, 200]
    labels = [
        [r["label"] for r in answer.get("predictions", [answer])] for _, answer in answers if "code" not in answer
    ]
    assert labels == [["1"], ["2", "3", "4"], ["5"], ["6"]]


def test_all_pictures_of_a_batch_go_through_one_forward_pass(
    handler: DigitHandler, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = []
    recogniser = handler._answering._recogniser
    network = recogniser._network

    def counted(images: torch.Tensor) -> Any:
        passes.append(len(images))
        return network(images)

    monkeypatch.setattr(recogniser, "_network", counted)
    ask(handler, context, [{"body": png(1)}, several(2, 3, 4), {"body": b"bad"}, {"body": png(5)}])
    assert passes == [5]


def test_explanations_and_predictions_of_one_batch_do_not_mix(handler: DigitHandler, context: Context) -> None:
    bodies = [{"body": png(7)}, {"body": png(3)}, {"body": b"bad"}, several(4, 5), {"body": png(3)}]
    answers = ask(handler, context, bodies, [PREDICT, EXPLAIN, EXPLAIN, EXPLAIN, PREDICT])
    assert [status for status, _ in answers] == [200, 200, 415, 200, 200]
    seven, three, _, both, other_three = (answer for _, answer in answers)
    assert (seven["label"], three["label"], other_three["label"]) == ("7", "3", "3")
    assert "attribution" not in seven and "attribution" not in other_three
    assert three["attribution"]["target"] == "3"
    assert [result["attribution"]["target"] for result in both["predictions"]] == ["4", "5"]
    assert len({result["input"] for result in (three, *both["predictions"])}) == 3


def test_the_description_is_told_to_the_management_api_only(handler: DigitHandler, context: Context) -> None:
    described = {"describe": "True"}
    headers = [described, described | PREDICT, described | EXPLAIN, described]
    answers = ask(handler, context, [{}, {"body": png(7)}, {"body": png(7)}, {"body": png(7)}], headers)
    assert [status for status, _ in answers] == [200] * 4
    description = answers[0][1]
    assert description["parameters"] == description["architecture"]["parameters"] > 10_000
    assert description["rejection_threshold"] > math.log(10) and description["calibration_temperature"] > 0
    assert {"training_data", "metrics", "commit", "created", "preprocessing_version"} <= description.keys()
    assert all(answer["label"] == "7" for _, answer in answers[1:])
    assert ask(handler, context, [{}], [described | EXPLAIN])[0] == answers[0]  # a client's header on such a request
    empty_form = described | PREDICT | {"Content-Type": "multipart/form-data; boundary=b"}
    assert ask(handler, context, [{}], [empty_form])[0][0] == 400


def test_the_picture_at_fault_is_named_among_several(handler: DigitHandler, context: Context) -> None:
    request = {
        "body": json.dumps({"instances": [base64.b64encode(b).decode() for b in (png(1), b"GIF89a bad")]}).encode()
    }
    [(status, answer)] = ask(handler, context, [request])
    assert status == 415
    assert answer["message"].startswith("picture 1 of 2, counted from 0: this is not a picture")


def test_the_pixels_of_one_request_are_bounded_together(handler: DigitHandler, context: Context) -> None:
    large = base64.b64encode(encoded(draw_digit(7, size=(4000, 4000)))).decode()
    [(status, answer)] = ask(handler, context, [{"body": json.dumps({"instances": [large] * 2}).encode()}])
    assert status == 413
    assert "25,000,000 pixels together" in answer["message"]


def test_ink_in_a_tensor_is_light_on_dark_whatever_it_looks_like(handler: DigitHandler, context: Context) -> None:
    """A thick one that fills its box: from the picture alone the paper might be taken for the ink."""
    ink = [[255 if 4 <= x < 10 else 0 for x in range(14)] for _ in range(28)]
    tensor = {"name": "ink", "shape": [28, 14], "datatype": "UINT8", "data": ink}
    [(status, answer)] = ask(handler, context, [{"body": json.dumps({"inputs": [tensor]}).encode()}])
    assert (status, answer["outputs"][0]["data"]) == (200, ["1"])


def test_one_line_is_logged_for_each_failed_request_and_none_for_good_ones(
    handler: DigitHandler, context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    hostile = "evil\n[METRICS]\x1b[31m" + "é" * 500
    ask(handler, context, [{"body": png(7)}, {hostile: b"x"}, {"body": png(3)}, {"body": b"bad"}])
    lines = [record.getMessage() for record in caplog.records]
    assert [json.loads(line)["request_id"] for line in lines] == ["id-1", "id-3"]
    assert [json.loads(line)["code"] for line in lines] == [400, 415]
    assert all(line.isascii() and line.isprintable() and len(line) < 500 for line in lines)


@pytest.mark.parametrize("body", [body for body, _ in (corpus.BAD_PICTURES | corpus.BAD_JSON).values()])
def test_a_failed_request_leaves_nothing_in_memory(handler: DigitHandler, context: Context, body: bytes) -> None:
    ask(handler, context, [{"body": body}])
    gc.collect()
    gc.disable()
    try:
        ask(handler, context, [{"body": body}])
        assert gc.collect() == 0
    finally:
        gc.enable()
