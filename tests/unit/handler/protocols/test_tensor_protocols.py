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

PICTURES = [b"\x89PNG one", b"\x89PNG two", b"\x89PNG three"]
TEXTS = [base64.b64encode(picture).decode() for picture in PICTURES]
SERVED = Served("mnist", "1.0", ["0", "1"])
ANSWERS = [
    Answer(Reading("1", 0.75, True, {"1": 0.75, "0": 0.25})),
    Answer(Reading("0", 0.5, False, {"0": 0.5, "1": 0.5})),
]


def parse(body: object) -> Query:
    return parse_fields({"body": json.dumps(body).encode()})


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
    answer = parse({"instances": TEXTS[:2]}).encode(ANSWERS, SERVED, "id")
    assert answer.keys() == {"predictions"}
    assert [result["label"] for result in answer["predictions"]] == ["1", "0"]
    assert answer["predictions"][1] == {
        "label": "0",
        "confidence": 0.5,
        "recognised": False,
        "probabilities": {"0": 0.5, "1": 0.5},
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


@pytest.mark.parametrize("datatype", ["FP32", "UINT8"])
@pytest.mark.parametrize("nested", [True, False], ids=["nested", "flat"])
@pytest.mark.parametrize(
    ("shape", "declared"),
    [
        ((28, 28), [28, 28]),
        ((1, 28, 28), [1, 28, 28]),
        ((1, 28, 28), [-1, 28, 28]),
        ((3, 28, 28), [3, 28, 28]),
        ((3, 1, 28, 28), [3, 1, 28, 28]),
        ((3, 1, 28, 28), [-1, 1, 28, 28]),
        ((3, 1, 14, 56), [3, 1, -1, 56]),
    ],
)
def test_v2_ink_in_each_shape(datatype: str, nested: bool, shape: tuple[int, ...], declared: list[int]) -> None:
    ink = digits(3)[: shape[0] if len(shape) > 2 else 1]
    values = (ink if datatype == "UINT8" else ink / 255).reshape(shape)
    data = values.tolist() if nested else values.ravel().tolist()
    pictures = ink_of(parse({"inputs": [tensor(datatype, declared, data)]}))
    assert np.array_equal(np.stack(pictures).ravel(), ink.ravel())
    assert all(picture.shape == shape[-2:] for picture in pictures)


def test_v2_several_unknown_lengths_are_those_of_the_nesting() -> None:
    [picture] = ink_of(parse({"inputs": [tensor("UINT8", [-1, -1], [[0, 1, 2], [3, 4, 5]])]}))
    assert picture.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_v2_answers_in_well_formed_tensors() -> None:
    query = parse({"inputs": [tensor("BYTES", [2], TEXTS[:2])], "id": "mine"})
    answer = query.encode(ANSWERS, SERVED, "request")
    assert (answer["model_name"], answer["model_version"], answer["id"]) == ("mnist", "1.0", "mine")
    assert answer["outputs"] == [
        {"name": "label", "datatype": "BYTES", "shape": [2], "data": ["1", "0"]},
        {"name": "confidence", "datatype": "FP32", "shape": [2], "data": [0.75, 0.5]},
        {"name": "recognised", "datatype": "BOOL", "shape": [2], "data": [True, False]},
        {"name": "probabilities", "datatype": "FP32", "shape": [2, 2], "data": [0.25, 0.75, 0.5, 0.5]},
    ]


def test_v2_without_an_id_gets_that_of_the_request() -> None:
    query = parse({"inputs": [tensor("BYTES", [2], TEXTS[:2])]})
    assert query.encode(ANSWERS, SERVED, "request")["id"] == "request"


HUGE = 10**400


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
        ({"inputs": [tensor("INT64", [1, 1], [1])]}, "inputs[0].datatype is 'INT64'"),
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
        ({"inputs": [tensor("UINT8", [1, 3, 1, 1], [1, 2, 3])]}, "[H, W], [N, H, W] or [N, 1, H, W] is accepted"),
        ({"inputs": [tensor("UINT8", [4], [1, 2, 3, 4])]}, "[H, W], [N, H, W] or [N, 1, H, W] is accepted"),
        ({"inputs": [tensor("UINT8", [0, 0], [])]}, "[H, W], [N, H, W] or [N, 1, H, W] is accepted"),
        ({"inputs": [tensor("UINT8", [1, 2], [0, 256])]}, "must hold whole numbers from 0 (paper) to 255 (ink)"),
        ({"inputs": [tensor("UINT8", [1, 2], [0, 0.5])]}, "must hold whole numbers from 0"),
        ({"inputs": [tensor("FP32", [1, 2], [0, 1.01])]}, "must hold numbers from 0 (paper) to 1 (ink)"),
        ({"inputs": [tensor("FP32", [1, 2], [0, HUGE])]}, "must hold numbers from 0"),
        ({"inputs": [tensor("FP32", [1, 2], [0, "1"])]}, "must hold numbers from 0"),
        ({"inputs": [tensor("FP32", [1, 2], [0, True])]}, "must hold numbers from 0"),
        ({"inputs": [tensor("FP32", [1, 2], [0, None])]}, "must hold numbers from 0"),
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
        {"inputs": [tensor("UINT8", [-1, 1, 1], [1] * (MAX_PICTURES + 1))]},
    ],
    ids=["instances", "one tensor", "many tensors", "ink"],
)
def test_too_many_pictures_are_too_large(body: object) -> None:
    with pytest.raises(ImageTooLarge, match=r"257 pictures; at most 256 are accepted"):
        parse(body)
