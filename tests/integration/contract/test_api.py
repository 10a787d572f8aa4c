"""The HTTP contract, asked of a real TorchServe."""

import base64
import json
import struct
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

from handler.protocols.description import describe
from model.artifacts import LABELS_FILE, METADATA_FILE, MODEL_FILE, read_metadata
from model.data.digits import load_mnist
from model.evaluation.metrics import measure, probabilities_of
from model.preprocessing.digit import digit_image
from model.recogniser import Recogniser
from tests.conftest import Service
from tests.drawing import DIGITS, draw_digit, encoded

ROOT = Path(__file__).parents[3]
TIMEOUT_S = 20


def assert_is_a_result(response: requests.Response, label: str) -> None:
    result = response.json()
    assert (response.status_code, result["label"]) == (200, label)
    assert response.headers["content-type"] == "application/json"
    assert result.keys() == {"label", "confidence", "recognised", "probabilities", "ink", "model", "version"}
    assert (result["model"], result["version"], result["recognised"]) == ("mnist", "1.0", True)
    shares = list(result["probabilities"].values())
    assert sorted(result["probabilities"]) == [str(digit) for digit in range(10)]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert result["confidence"] == shares[0]
    x, y, width, height = result["ink"]
    assert min(x, y) >= 0
    assert min(width, height) >= 1


@pytest.mark.parametrize("digit", DIGITS)
def test_each_drawn_digit_is_read(service: Service, digit: int) -> None:
    response = requests.post(service.predictions_url, data=encoded(draw_digit(digit)), timeout=TIMEOUT_S)
    assert_is_a_result(response, str(digit))


SEVEN = encoded(draw_digit(7))
SEVEN_BASE64 = base64.b64encode(SEVEN).decode()
MULTIPART = requests.Request("POST", "http://x", files={"data": SEVEN}).prepare().body
THREE_BASE64 = base64.b64encode(encoded(draw_digit(3))).decode()
INK_OF_FOUR = 255 - np.asarray(draw_digit(4))


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"data": SEVEN, "headers": {"Content-Type": "image/png"}}, id="raw"),
        pytest.param({"data": SEVEN, "headers": {"Content-Type": "text/plain"}}, id="raw, wrongly labelled text"),
        pytest.param({"data": SEVEN, "headers": {"Content-Type": "application/json"}}, id="raw, wrongly labelled JSON"),
        pytest.param({"files": {"data": SEVEN}}, id="multipart data"),
        pytest.param({"data": MULTIPART, "headers": {"Content-Type": "image/png"}}, id="multipart, wrongly labelled"),
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


V1 = {"instances": [{"data": SEVEN_BASE64}, {"image_bytes": {"b64": THREE_BASE64}}]}
V2 = {
    "id": "of the client",
    "inputs": [
        {"name": "pictures", "shape": [2], "datatype": "BYTES", "data": [SEVEN_BASE64, THREE_BASE64]},
        {"name": "ink", "shape": [-1, 1, 280, 280], "datatype": "UINT8", "data": INK_OF_FOUR.ravel().tolist()},
        {"name": "ink", "shape": [280, 280], "datatype": "FP32", "data": (INK_OF_FOUR / 255).round(3).tolist()},
    ],
}


def test_binary_tensors_are_read_as_tritons_clients_send_them(service: Service) -> None:
    ink, texts = (INK_OF_FOUR / 255).astype("<f2").tobytes(), struct.pack("<I", len(SEVEN)) + SEVEN
    tensors = [
        {"name": "ink", "shape": [280, 280], "datatype": "FP16", "parameters": {"binary_data_size": len(ink)}},
        {"name": "files", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": len(texts)}},
    ]
    wanted = [{"name": "label"}, {"name": "confidence", "parameters": {"binary_data": True}}]
    text = json.dumps({"inputs": tensors, "outputs": wanted}).encode()
    headers = {"Inference-Header-Content-Length": str(len(text)), "Content-Type": "application/octet-stream"}
    url = service.api_url + "/v2/models/mnist/infer"
    response = requests.post(url, data=text + ink + texts, headers=headers, timeout=TIMEOUT_S)
    assert response.status_code == 200, response.text
    length = int(response.headers["Inference-Header-Content-Length"])
    label, confidence = json.loads(response.content[:length])["outputs"]
    assert label["data"] == ["4", "7"]
    assert confidence["parameters"] == {"binary_data_size": 8}
    assert (np.frombuffer(response.content[length:], "<f4") > 0.5).tolist() == [True, True]


@pytest.mark.parametrize("path", ["/predictions/mnist", "/predictions/mnist/1.0", "/v1/models/mnist:predict"])
def test_kserve_v1_is_answered(service: Service, path: str) -> None:
    response = requests.post(service.api_url + path, json=V1, timeout=TIMEOUT_S)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    predictions = response.json()["predictions"]
    assert [(result["label"], result["recognised"]) for result in predictions] == [("7", True), ("3", True)]


@pytest.mark.parametrize("path", ["/predictions/mnist", "/predictions/mnist/1.0", "/v2/models/mnist/infer"])
def test_the_open_inference_protocol_is_answered(service: Service, path: str) -> None:
    response = requests.post(service.api_url + path, json=V2, timeout=TIMEOUT_S)
    assert response.status_code == 200
    answer = response.json()
    assert (answer["model_name"], answer["model_version"], answer["id"]) == ("mnist", "1.0", "of the client")
    outputs = {tensor["name"]: tensor for tensor in answer["outputs"]}
    assert {name: (tensor["datatype"], tensor["shape"]) for name, tensor in outputs.items()} == {
        "label": ("BYTES", [4]),
        "confidence": ("FP32", [4]),
        "recognised": ("BOOL", [4]),
        "probabilities": ("FP32", [4, 10]),
        "ink": ("INT32", [4, 4]),
    }
    assert outputs["label"]["data"] == ["7", "3", "4", "4"]
    shares = np.reshape(outputs["probabilities"]["data"], (4, 10))
    assert shares.argmax(axis=1).tolist() == [7, 3, 4, 4]
    assert shares.max(axis=1).tolist() == outputs["confidence"]["data"]


def test_an_mnist_digit_reads_the_same_in_each_datatype_and_shape(service: Service, data_root: Path) -> None:
    digits = load_mnist(data_root, train=False).images[:20].numpy()
    pixels, shares = digits.ravel().tolist(), (digits / 255).ravel().tolist()
    encodings: list[tuple[str, list[int], list[Any], str | None]] = [
        ("BYTES", [20], [base64.b64encode(encoded(Image.fromarray(digit))).decode() for digit in digits], None),
        ("UINT8", [20, 28, 28], digits.tolist(), None),
        ("FP32", [-1, 1, 28, 28], shares, None),
        ("FP64", [20, 784], shares, "NC"),
        ("INT64", [20, 28, 28, 1], pixels, None),
        ("UINT8", [20, 28, 28, 3], np.repeat(digits, 3).tolist(), None),
        ("INT16", [20, 3, 28, 28], np.repeat(digits, 3, axis=0).ravel().tolist(), None),
    ]
    read = []
    for datatype, shape, data, layout in encodings:
        one = {"name": "digits", "shape": shape, "datatype": datatype, "data": data}
        body = {"inputs": [one | ({"parameters": {"layout": layout}} if layout else {})]}
        outputs = requests.post(service.predictions_url, json=body, timeout=TIMEOUT_S).json()["outputs"]
        read.append(next(tensor["data"] for tensor in outputs if tensor["name"] == "probabilities"))
    assert all(other == pytest.approx(read[0], abs=1e-4) for other in read)


@pytest.mark.parametrize(
    "path", ["/explanations/mnist", "/explanations/mnist/1.0", "/v1/models/mnist:explain", "/v2/models/mnist/explain"]
)
def test_explanations_show_the_input_the_maps_and_the_attribution(service: Service, path: str) -> None:
    response = requests.post(service.api_url + path, data=SEVEN, timeout=TIMEOUT_S)
    result = response.json()
    assert (response.status_code, result["label"], result["attribution"]["target"]) == (200, "7", "7")
    assert len(response.content) < 100_000
    prediction = requests.post(service.predictions_url, data=SEVEN, timeout=TIMEOUT_S).json()
    assert result.keys() - prediction.keys() == {"input", "feature_maps", "attribution"}
    assert {member: result[member] for member in prediction} == prediction
    picture = np.asarray(Image.open(BytesIO(base64.b64decode(result["input"]))))
    assert np.array_equal(picture, digit_image(draw_digit(7)))
    assert np.abs(result["attribution"]["values"]).max() == 1


def test_the_largest_explanation_stays_below_a_megabyte_and_one_more_picture_is_refused(service: Service) -> None:
    url = f"{service.api_url}/explanations/mnist"
    pictures = [base64.b64encode(encoded(draw_digit(i % 10, width=10 + i % 9))).decode() for i in range(17)]
    response = requests.post(url, json={"instances": pictures[:16]}, timeout=TIMEOUT_S)
    assert [r["attribution"]["target"] for r in response.json()["predictions"]] == [str(i % 10) for i in range(16)]
    assert len(response.content) < 1_000_000
    tensor = {"name": "x", "shape": [16], "datatype": "BYTES", "data": pictures[:16]}
    outputs = requests.post(url, json={"inputs": [tensor]}, timeout=TIMEOUT_S).json()["outputs"]
    shapes = {tensor["name"]: tensor["shape"] for tensor in outputs}
    assert (shapes["input"], shapes["attribution"]) == ([16], [16, 28, 28])
    assert shapes["feature_maps"] == [16, len(response.json()["predictions"][0]["feature_maps"]["images"])]
    assert requests.post(url, json={"instances": pictures}, timeout=TIMEOUT_S).status_code == 413


def test_explanations_and_predictions_asked_together_each_get_their_own(service: Service) -> None:
    pictures = {digit: encoded(draw_digit(digit)) for digit in DIGITS}

    def ask(number: int) -> bool:
        digit, explain = number % 10, number % 3 == 0
        url = f"{service.api_url}/{'explanations' if explain else 'predictions'}/mnist"
        result = requests.post(url, data=pictures[digit], timeout=TIMEOUT_S).json()
        own = result.get("attribution", {"target": str(digit)})["target"] == str(digit)
        return bool(result["label"] == str(digit) and own and explain == ("attribution" in result))

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(120)))


@pytest.mark.parametrize("headers", [{}, {"describe": "False"}, {"explain": "True"}, {"url_path": "/x"}], ids=str)
def test_the_management_api_describes_the_model(service: Service, headers: dict[str, str]) -> None:
    url = f"{service.management_url}/models/mnist"
    [description] = requests.get(url, params={"customized": "true"}, headers=headers, timeout=TIMEOUT_S).json()
    metadata = read_metadata(ROOT / "model" / "released" / METADATA_FILE)
    told = description["customizedMetadata"]
    assert told == describe(metadata)
    assert (told["commit"], told["created"]) == (metadata["commit"], metadata["created"])
    assert told["metrics"] == metadata["metrics"]


def test_an_empty_form_is_told_no_description(service: Service) -> None:
    headers = {"describe": "True", "Content-Type": "multipart/form-data; boundary=b"}
    response = requests.post(service.predictions_url, data=b"--b--\r\n", headers=headers, timeout=TIMEOUT_S)
    assert response.status_code == 400


@pytest.mark.parametrize("value", ["True", "true", "False", "../../etc/passwd", "%00\t\x85", "x" * 4000])
@pytest.mark.parametrize("name", ["describe", "explain", "url_path", "x-request-id", "ts_stream_next"])
def test_headers_of_the_client_change_nothing(service: Service, name: str, value: str) -> None:
    headers = {name: value.encode("latin-1")}
    assert_is_a_result(requests.post(service.predictions_url, data=SEVEN, headers=headers, timeout=TIMEOUT_S), "7")


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
    probabilities = probabilities_of(recogniser, digits.images)
    bare = measure(probabilities, digits.labels, recogniser.threshold).accuracy
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
