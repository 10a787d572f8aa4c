"""KServe's two protocols: every picture of a request found, every answer well formed, every fault named."""

import base64
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from handler.protocols.parsing import parse_fields
from handler.protocols.query import MAX_PICTURES, Answer, BadRequest, Query, Served
from model.errors import ImageTooLarge
from model.recogniser import Reading

PICTURES = [b"\x89PNG\r\n\x1a\n" + name for name in (b"one", b"two", b"three")]
TEXTS = [base64.b64encode(picture).decode() for picture in PICTURES]
SERVED = Served("mnist", "1.0", ["0", "1"])
ANSWERS = [
    Answer(Reading("1", 0.75, True, {"1": 0.75, "0": 0.25}), (1, 2, 3, 4)),
    Answer(Reading("0", 0.5, False, {"0": 0.5, "1": 0.5}), (5, 6, 7, 8)),
]


def parse(body: object) -> Query:
    return parse_fields({"body": json.dumps(body).encode()})


def answered(body: object, answer_id: str = "request") -> dict[str, Any]:
    """The JSON that answers a request for two pictures."""
    answer = parse(body).encode(ANSWERS, SERVED, answer_id)
    assert isinstance(answer, dict)
    return answer


def tensor(datatype: str, shape: object, data: object) -> dict[str, Any]:
    return {"name": "picture", "datatype": datatype, "shape": shape, "data": data}


@pytest.mark.parametrize(
    "shaped",
    [
        pytest.param(lambda text: {"data": text}, id="data"),
        pytest.param(lambda text: {"image_bytes": {"b64": text}}, id="image_bytes"),
        pytest.param(lambda text: {"b64": text}, id="TensorFlow Serving's b64"),
        pytest.param(lambda text: {"data": f"data:image/png;base64,{text}"}, id="data URL"),
        pytest.param(lambda text: text, id="bare base64"),
    ],
)
def test_v1_instances_are_found_in_their_order(shaped: Any) -> None:
    assert parse({"instances": [shaped(text) for text in TEXTS]}).pictures == PICTURES


def test_v1_answers_one_result_for_each_instance() -> None:
    answer = answered({"instances": TEXTS[:2]})
    assert answer.keys() == {"predictions"}
    assert [result["label"] for result in answer["predictions"]] == ["1", "0"]
    assert answer["predictions"][1] == {
        "label": "0",
        "confidence": 0.5,
        "recognised": False,
        "probabilities": {"0": 0.5, "1": 0.5},
        "ink": [5, 6, 7, 8],
        "model": "mnist",
        "version": "1.0",
    }


@pytest.mark.parametrize("shape", [[3], [-1], [3, 1], [1, -1]])
def test_v2_bytes_hold_any_number_of_pictures(shape: list[int]) -> None:
    assert parse({"inputs": [tensor("BYTES", shape, TEXTS)]}).pictures == PICTURES


def test_v2_bytes_may_be_nested_and_spread_over_tensors() -> None:
    tensors = [tensor("BYTES", [2, 1], [[TEXTS[0]], [TEXTS[1]]]), tensor("BYTES", [1], TEXTS[2:])]
    assert parse({"inputs": tensors}).pictures == PICTURES


def digits(count: int) -> np.ndarray:
    """Arbitrary ink uint8 (count, 1, 28, 28)."""
    return np.random.default_rng(1).integers(0, 256, (count, 1, 28, 28), dtype=np.uint8)


def ink_of(query: Query) -> list[np.ndarray]:
    pictures = [np.asarray(picture) for picture in query.pictures if isinstance(picture, Image.Image)]
    assert len(pictures) == len(query.pictures)
    return pictures


@pytest.mark.parametrize("datatype", ["FP32", "FP64", "UINT8", "INT64", "UINT16"])
@pytest.mark.parametrize("nested", [True, False], ids=["nested", "flat"])
@pytest.mark.parametrize(
    ("shape", "declared"),
    [
        ((28, 28), [28, 28]),
        ((1, 28, 28), [1, 28, 28]),
        ((1, 28, 28), [-1, 28, 28]),
        ((2, 28, 28), [2, 28, 28]),
        ((1, 784), [1, 784]),
        ((3, 784), [-1, 784]),
        ((784,), [784]),
        ((28, 28, 1), [28, 28, 1]),
        ((3, 28, 28, 1), [3, 28, 28, 1]),
        ((3, 1, 28, 28), [3, 1, 28, 28]),
        ((3, 1, 28, 28), [-1, 1, 28, 28]),
        ((3, 1, 14, 56), [3, 1, -1, 56]),
    ],
)
def test_v2_ink_in_each_shape(datatype: str, nested: bool, shape: tuple[int, ...], declared: list[int]) -> None:
    ink = digits(3)[: np.prod(shape) // 784]
    values = (ink / 255 if datatype.startswith("FP") else ink).reshape(shape)
    data = values.tolist() if nested else values.ravel().tolist()
    pictures = ink_of(parse({"inputs": [tensor(datatype, declared, data)]}))
    assert np.array_equal(np.stack(pictures).ravel(), ink.ravel())
    assert all(picture.shape == (shape[-2:] if shape[-2:] == (14, 56) else (28, 28)) for picture in pictures)


def test_v2_several_unknown_lengths_are_those_of_the_nesting() -> None:
    rows = np.arange(80).reshape(8, 10).tolist()
    [picture] = ink_of(parse({"inputs": [tensor("UINT8", [-1, -1], rows)]}))
    assert picture.tolist() == rows


COLOURS = np.random.default_rng(2).integers(0, 256, (2, 9, 12, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("values", "pictures"),
    [
        pytest.param(COLOURS[0], COLOURS[:1], id="[H, W, 3]"),
        pytest.param(COLOURS, COLOURS, id="[N, H, W, 3]"),
        pytest.param(COLOURS.transpose(0, 3, 1, 2), COLOURS, id="[N, 3, H, W]"),
    ],
)
def test_v2_colours_in_each_shape(values: np.ndarray, pictures: np.ndarray) -> None:
    query = parse({"inputs": [tensor("UINT8", list(values.shape), values.ravel().tolist())]})
    assert [picture.mode for picture in query.pictures if isinstance(picture, Image.Image)] == ["RGB"] * len(pictures)
    assert np.array_equal(np.stack(ink_of(query)), pictures)


@pytest.mark.parametrize(
    ("shape", "layout", "expected"),
    [
        ([3, 9, 12], "NHW", (3, 9, 12)),
        ([3, 9, 12], "CHW", (1, 9, 12, 3)),
        ([28, 784], "HW", (1, 28, 784)),
        ([28, 784], "NC", (28, 28, 28)),
        ([1, 9, 12], "CHW", (1, 9, 12)),
    ],
)
@pytest.mark.parametrize("of_request", [False, True])
def test_v2_a_layout_says_which_of_two_readings_is_meant(
    shape: list[int], layout: str, expected: tuple[int, ...], of_request: bool
) -> None:
    data = np.random.default_rng(3).integers(0, 256, np.prod(shape)).tolist()
    parameters = {"parameters": {"layout": layout}}
    one = tensor("UINT8", shape, data)
    body = {"inputs": [one], **parameters} if of_request else {"inputs": [one | parameters]}
    assert np.stack(ink_of(parse(body))).shape == expected


def test_v2_true_is_ink() -> None:
    values = np.random.default_rng(4).random((8, 8)) < 0.5
    [picture] = ink_of(parse({"inputs": [tensor("BOOL", [8, 8], values.tolist())]}))
    assert np.array_equal(picture, values * 255)


def test_v2_answers_in_well_formed_tensors() -> None:
    answer = answered({"inputs": [tensor("BYTES", [2], TEXTS[:2])], "id": "mine"})
    assert (answer["model_name"], answer["model_version"], answer["id"]) == ("mnist", "1.0", "mine")
    assert answer["outputs"] == [
        {"name": "label", "datatype": "BYTES", "shape": [2], "data": ["1", "0"]},
        {"name": "confidence", "datatype": "FP32", "shape": [2], "data": [0.75, 0.5]},
        {"name": "recognised", "datatype": "BOOL", "shape": [2], "data": [True, False]},
        {"name": "probabilities", "datatype": "FP32", "shape": [2, 2], "data": [0.25, 0.75, 0.5, 0.5]},
        {"name": "ink", "datatype": "INT32", "shape": [2, 4], "data": [1, 2, 3, 4, 5, 6, 7, 8]},
    ]


def test_v2_without_an_id_gets_that_of_the_request() -> None:
    assert answered({"inputs": [tensor("BYTES", [2], TEXTS[:2])]})["id"] == "request"


HUGE = 10**400
LAYOUT = {"parameters": {"layout": "NCHW"}}


def small_ink(sixth: object) -> tuple[list[int], list[object]]:
    """Shape and values of 8x8 pixels of paper, but for the sixth."""
    return [8, 8], [0] * 5 + [sixth] + [0] * 58


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"instances": {}}, '"instances" is an object'),
        ({"instances": []}, "holds no pictures"),
        ({"instances": [7]}, "instances[0] is a number"),
        ({"instances": [{"data": TEXTS[0]}, {"picture": ""}]}, "instances[1] has none of the members"),
        ({"instances": [{"image_bytes": {"b64": None}}]}, "instances[0].image_bytes.b64 is null"),
        ({"instances": [{"data": "$"}]}, "instances[0].data is not base64"),
        ({"inputs": {}}, '"inputs" is an object'),
        ({"inputs": []}, "holds no pictures"),
        ({"inputs": [7]}, "inputs[0] is a number"),
        ({"inputs": [{"name": "x", "datatype": "BYTES"}]}, "inputs[0] has no data, shape"),
        ({"inputs": [tensor("BYTES", [1], TEXTS[:1])], "id": 7}, '"id" is a number'),
        ({"inputs": [tensor("UINT64", [8, 8], [9] * 64)]}, "inputs[0].datatype is 'UINT64'"),
        ({"inputs": [tensor("BYTES", [1], TEXTS[0])]}, "inputs[0].data is a string"),
        ({"inputs": [tensor("BYTES", [2], TEXTS)]}, "inputs[0].shape [2] does not fit data of shape [3]"),
        ({"inputs": [tensor("BYTES", [3], [1, 2, 3])]}, "inputs[0].data[0] is a number"),
        ({"inputs": [tensor("BYTES", [-1], [])]}, "holds no pictures"),
        ({"inputs": [tensor("BYTES", [], TEXTS)]}, "inputs[0].shape must be an array of 1 to 8 whole numbers"),
        ({"inputs": [tensor("BYTES", [True], TEXTS[:1])]}, "inputs[0].shape must be an array of whole numbers"),
        ({"inputs": [tensor("BYTES", [-2], TEXTS)]}, "inputs[0].shape must be an array of whole numbers"),
        ({"inputs": [tensor("BYTES", [-1, -1], TEXTS)]}, "inputs[0].shape [-1, -1] does not fit"),
        ({"inputs": [tensor("BYTES", [HUGE], TEXTS)]}, "does not fit data of shape [3]"),
        ({"inputs": [tensor("UINT8", [2, 2], [[1, 2], [3]])]}, "inputs[0].data is nested unevenly"),
        ({"inputs": [tensor("UINT8", [2, 2], [[1, 2], 3])]}, "inputs[0].data is nested unevenly"),
        ({"inputs": [tensor("UINT8", [3, 2], [[1, 2, 3], [4, 5, 6]])]}, "does not fit data of shape [2, 3]"),
        ({"inputs": [tensor("UINT8", [1, 3, 1, 1], [1, 2, 3])]}, "inputs[0].shape [1, 3, 1, 1] is not one of pictures"),
        ({"inputs": [tensor("UINT8", [4], [1, 2, 3, 4])]}, "[784] and [N, 784], sides from 8 px on"),
        ({"inputs": [tensor("UINT8", [0, 0], [])]}, "inputs[0].shape [0, 0] is not one of pictures"),
        ({"inputs": [tensor("UINT8", [20, 12, 2], [9] * 480)]}, "[20, 12, 2] is not one of pictures"),
        (
            {"inputs": [tensor("UINT8", [3, 9, 9], [9] * 243)]},
            "3 grey pictures (NHW) or one picture in colour",
        ),
        ({"inputs": [tensor("UINT8", [28, 784], [9] * 21952)]}, "one picture of 28 rows (HW) or 28 pictures of 784"),
        ({"inputs": [tensor("UINT8", [8, 8], [9] * 64) | LAYOUT]}, "[8, 8] in the layout NCHW is not one of pictures"),
        ({"inputs": [tensor("UINT8", [8, 8], [9] * 64)], "parameters": {"layout": []}}, "layout is not one of HW, NC"),
        ({"inputs": [tensor("UINT8", [8, 8], [9] * 64)], "parameters": 7}, "the request.parameters is a number"),
        ({"inputs": [tensor("INT8", [8, 8], [9] * 64)]}, "datatype is 'INT8'; BYTES, FP16, FP32, FP64, BOOL, UINT8"),
        ({"inputs": [tensor("FP16", [8, 8], [0] * 64)]}, "inputs[0] is FP16, which JSON cannot hold"),
        (
            {"inputs": [tensor("UINT8", [8, 8], [9] * 64) | {"parameters": {"layout": ""}}]} | LAYOUT,
            "inputs[0].parameters.layout is not one of HW, NC",
        ),
        ({"inputs": [tensor("UINT8", *small_ink(256))]}, "value 5 of inputs[0].data, counted from 0, is 256; UINT8"),
        ({"inputs": [tensor("INT32", *small_ink(-1))]}, "is -1; INT32 holds whole numbers from 0 (paper) to 255 (ink)"),
        ({"inputs": [tensor("UINT8", *small_ink(0.5))]}, "is 0.5; UINT8 holds whole numbers"),
        ({"inputs": [tensor("UINT8", *small_ink(1))]}, "the largest value of inputs[0].data is 1"),
        ({"inputs": [tensor("FP32", *small_ink(1.01))]}, "is 1.01; FP32 holds numbers from 0 (paper) to 1 (ink)"),
        ({"inputs": [tensor("FP32", *small_ink(float("nan")))]}, "is nan; FP32 holds numbers"),
        ({"inputs": [tensor("FP64", *small_ink(float("inf")))]}, "is inf; FP64 holds numbers"),
        ({"inputs": [tensor("FP32", *small_ink(HUGE))]}, "value 5 of inputs[0].data"),
        ({"inputs": [tensor("FP32", *small_ink("1"))]}, "is a string; FP32 holds numbers"),
        ({"inputs": [tensor("FP32", *small_ink(True))]}, "is a boolean; FP32 holds numbers"),
        ({"inputs": [tensor("FP32", *small_ink(None))]}, "is null; FP32 holds numbers"),
        ({"inputs": [tensor("BOOL", *small_ink(2))]}, "is 2; BOOL holds true and false"),
    ],
)
def test_a_malformed_body_is_a_bad_request_that_names_the_place(body: object, complaint: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse(body)
    assert complaint in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "body",
    [
        {"instances": [{"data": ""}] * (MAX_PICTURES + 1)},
        {"inputs": [tensor("BYTES", [-1], [""] * (MAX_PICTURES + 1))]},
        {"inputs": [tensor("BYTES", [1], [""])] * (MAX_PICTURES + 1)},
        {"inputs": [tensor("UINT8", [-1, 8, 8], [9] * 64 * (MAX_PICTURES + 1))]},
    ],
    ids=["instances", "one tensor", "many tensors", "ink"],
)
def test_too_many_pictures_are_too_large(body: object) -> None:
    with pytest.raises(ImageTooLarge, match=r"257 pictures; at most 256 are accepted"):
        parse(body)
