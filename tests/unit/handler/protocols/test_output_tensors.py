"""Which outputs an answer of the Open Inference Protocol holds, as JSON or as binary data."""

import struct
from typing import Any

import numpy as np
import pytest

from handler.protocols.output_tensors import encode_answer, wanted_outputs
from handler.protocols.query import Answer, BadRequest, BinaryAnswer, Served
from model.recogniser import Reading

SERVED = Served("mnist", "1.0", ["0", "1"])
BOX = (1, 2, 3, 4)
ANSWERS = [
    Answer(Reading("1", 0.75, True, {"1": 0.75, "0": 0.25}), BOX),
    Answer(Reading("0", 0.5, False, {"0": 0.5, "1": 0.5}), BOX),
]


def answered(**request: Any) -> Any:
    return encode_answer(ANSWERS, SERVED, "id", wanted_outputs(request))


def names(answer: dict[str, Any]) -> list[str]:
    return [output["name"] for output in answer["outputs"]]


def test_all_outputs_come_as_json_where_nothing_is_asked_for() -> None:
    assert names(answered())[:4] == ["label", "confidence", "recognised", "probabilities"]


def test_only_the_outputs_that_are_named_come() -> None:
    answer = answered(outputs=[{"name": "confidence"}, {"name": "label"}])
    assert names(answer) == ["label", "confidence"]
    assert answer["outputs"][1]["data"] == [0.75, 0.5]


def test_binary_data_follows_the_json_in_the_order_of_the_outputs() -> None:
    outputs = ["label", "confidence", "recognised", "probabilities"]
    answer = answered(outputs=[{"name": name} for name in outputs], parameters={"binary_data_output": True})
    assert isinstance(answer, BinaryAnswer)
    sizes = [output["parameters"]["binary_data_size"] for output in answer.content["outputs"]]
    assert not any("data" in output for output in answer.content["outputs"])
    at = np.cumsum([0, *sizes])
    label, confidence, recognised, probabilities = (answer.data[at[i] : at[i + 1]] for i in range(4))
    assert label == struct.pack("<I", 1) + b"1" + struct.pack("<I", 1) + b"0"
    assert np.frombuffer(confidence, "<f4").tolist() == [0.75, 0.5]
    assert np.frombuffer(recognised, "?").tolist() == [True, False]
    assert np.frombuffer(probabilities, "<f4").tolist() == [0.25, 0.75, 0.5, 0.5]
    assert at[-1] == len(answer.data)


def test_an_output_of_its_own_will_comes_the_other_way() -> None:
    outputs = [{"name": "label", "parameters": {"binary_data": False}}, {"name": "confidence"}]
    answer = answered(outputs=outputs, parameters={"binary_data_output": True})
    assert isinstance(answer, BinaryAnswer)
    label, confidence = answer.content["outputs"]
    assert label["data"] == ["1", "0"]
    assert confidence["parameters"] == {"binary_data_size": len(answer.data)} == {"binary_data_size": 8}


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        ({"outputs": {}}, '"outputs" is an object'),
        ({"outputs": [7]}, r"outputs\[0\] has no name"),
        ({"outputs": [{"name": 7}]}, r"outputs\[0\] has no name"),
        ({"outputs": [{"name": "digit"}]}, "there is no output 'digit'; there are label, confidence"),
        ({"parameters": {"binary_data_output": 1}}, "binary_data_output is a number"),
        ({"outputs": [{"name": "label", "parameters": {"binary_data": "yes"}}]}, "binary_data is a string"),
    ],
)
def test_what_cannot_be_given_says_why(request_: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadRequest, match=complaint):
        answered(**request_)
