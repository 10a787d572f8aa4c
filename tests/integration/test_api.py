"""The HTTP contract, asked of a real TorchServe."""

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from model.artifacts import LABELS_FILE, METADATA_FILE, MODEL_FILE
from model.datasets import load_mnist
from model.evaluation import measure_sets
from model.recogniser import Recogniser
from tests.conftest import Service
from tests.drawing import DIGITS, draw_digit, encoded

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 20


def assert_is_a_result(response: requests.Response, label: str) -> None:
    result = response.json()
    assert (response.status_code, result["label"]) == (200, label)
    assert response.headers["content-type"] == "application/json"
    assert result.keys() == {"label", "confidence", "recognised", "probabilities", "model", "version"}
    assert (result["model"], result["version"], result["recognised"]) == ("mnist", "1.0", True)
    shares = list(result["probabilities"].values())
    assert sorted(result["probabilities"]) == [str(digit) for digit in range(10)]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert result["confidence"] == shares[0]


@pytest.mark.parametrize("digit", DIGITS)
def test_each_drawn_digit_is_read(service: Service, digit: int) -> None:
    response = requests.post(service.predictions_url, data=encoded(draw_digit(digit)), timeout=TIMEOUT_S)
    assert_is_a_result(response, str(digit))


SEVEN = encoded(draw_digit(7))
SEVEN_BASE64 = base64.b64encode(SEVEN).decode()


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"data": SEVEN, "headers": {"Content-Type": "image/png"}}, id="raw"),
        pytest.param({"data": SEVEN, "headers": {"Content-Type": "text/plain"}}, id="raw, wrongly labelled text"),
        pytest.param({"data": SEVEN, "headers": {"Content-Type": "application/json"}}, id="raw, wrongly labelled JSON"),
        pytest.param({"files": {"data": SEVEN}}, id="multipart data"),
        pytest.param({"files": {"image": ("seven.png", SEVEN, "image/png")}}, id="multipart image"),
        pytest.param({"files": {"file": SEVEN}}, id="multipart file"),
        pytest.param({"json": {"image": SEVEN_BASE64}}, id="JSON"),
        pytest.param({"json": {"image": f"data:image/png;base64,{SEVEN_BASE64}"}}, id="JSON with a data URL"),
        pytest.param(
            {
                "data": f'{{"image": "{SEVEN_BASE64}"}}',
                "headers": {"Content-Type": "application/x-www-form-urlencoded"},
            },
            id="JSON labelled as a form, as curl -d does",
        ),
    ],
)
@pytest.mark.parametrize("path", ["", "/1.0"], ids=["default version", "named version"])
def test_each_kind_of_body_is_read(service: Service, path: str, how: dict[str, Any]) -> None:
    assert_is_a_result(requests.post(service.predictions_url + path, timeout=TIMEOUT_S, **how), "7")


@pytest.mark.parametrize(
    ("how", "code", "kind"),
    [
        pytest.param({"data": b""}, 415, "UnsupportedMediaType", id="empty"),
        pytest.param({"data": b"hello"}, 415, "UnsupportedMediaType", id="text"),
        pytest.param({"data": SEVEN[: len(SEVEN) // 2]}, 415, "UnsupportedMediaType", id="half a picture"),
        pytest.param({"data": encoded(Image.new("L", (280, 280), 255))}, 422, "UnprocessableEntity", id="blank"),
        pytest.param({"data": bytes(5_500_000)}, 413, "PayloadTooLarge", id="too many bytes"),
        pytest.param({"json": {"image": "$"}}, 400, "BadRequest", id="bad base64"),
        pytest.param({"json": ["image"]}, 400, "BadRequest", id="JSON of another shape"),
        pytest.param({"data": b'{"image": ', "headers": {"Content-Type": "x/y"}}, 400, "BadRequest", id="half JSON"),
        pytest.param({"files": {"foo": SEVEN}}, 400, "BadRequest", id="multipart without a picture"),
    ],
)
def test_bad_input_gets_an_error_object(service: Service, how: dict[str, Any], code: int, kind: str) -> None:
    response = requests.post(service.predictions_url, timeout=TIMEOUT_S, **how)
    error = response.json()
    assert response.status_code == code
    assert response.headers["content-type"] == "application/json"
    assert error.keys() == {"code", "type", "message"}
    assert (error["code"], error["type"]) == (code, kind)
    assert len(error["message"]) > 20


def test_good_requests_among_bad_ones_are_all_answered_right(service: Service) -> None:
    pictures = {digit: encoded(draw_digit(digit)) for digit in DIGITS}

    def ask(number: int) -> bool:
        digit = number % 10
        good = number % 3 != 0
        body = pictures[digit] if good else pictures[digit][:200]
        response = requests.post(service.predictions_url, data=body, timeout=TIMEOUT_S)
        return response.json().get("label") == str(digit) if good else response.status_code == 415

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(300)))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_served_accuracy_on_all_test_digits_is_that_of_the_bare_network(service: Service, data_root: Path) -> None:
    digits = load_mnist(data_root, train=False)
    released = ROOT / "model" / "released"
    recogniser = Recogniser.load(released / MODEL_FILE, released / METADATA_FILE, ROOT / LABELS_FILE)
    bare = measure_sets(recogniser, {"MNIST test": digits})["MNIST test"].accuracy
    bodies = [encoded(Image.fromarray(image)) for image in digits.images.numpy()]
    with requests.Session() as session, ThreadPoolExecutor(8) as pool:
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=8))

        def label_of(body: bytes) -> str:
            return str(session.post(service.predictions_url, data=body, timeout=TIMEOUT_S).json()["label"])

        read = list(pool.map(label_of, bodies))
    served = sum(label == str(int(true)) for label, true in zip(read, digits.labels, strict=True)) / len(digits)
    assert len(read) == 10_000
    assert served == pytest.approx(recogniser.metadata["metrics"]["MNIST test"]["accuracy"], abs=0.0002)
    assert served == pytest.approx(bare, abs=0.001)
    assert served >= 0.995
