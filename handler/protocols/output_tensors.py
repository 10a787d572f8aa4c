"""The tensors of an answer by the Open Inference Protocol: those that were asked for, as JSON or as binary data."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from handler.protocols.binary_tensors import DTYPES
from handler.protocols.query import DECIMALS, Answer, BadRequest, BinaryAnswer, Served, kind_of


@dataclass(frozen=True)
class Wanted:
    """What a request wants back.

    Attributes:
        names: for each output that is wanted, whether as binary data; empty for all of them.
        is_binary: whether outputs that are not named come as binary data.
    """

    names: Mapping[str, bool]
    is_binary: bool


def wanted_outputs(request: Mapping[str, Any]) -> Wanted:
    """What `outputs` and `parameters.binary_data_output` of a request ask for.

    Raises:
        BadRequest: they are malformed.
    """
    is_binary = _flag(request, "the request", "binary_data_output", otherwise=False)
    outputs = request.get("outputs")
    if outputs is None:
        return Wanted({}, is_binary)
    if not isinstance(outputs, list):
        raise BadRequest(f'"outputs" is {kind_of(outputs)}; an array of {{"name": ...}} is accepted')
    names = {}
    for index, output in enumerate(outputs):
        name = output.get("name") if isinstance(output, dict) else None
        if not isinstance(name, str):
            raise BadRequest(f'outputs[{index}] has no name; {{"name": "label"}} is accepted')
        names[name] = _flag(output, f"outputs[{index}]", "binary_data", otherwise=is_binary)
    return Wanted(names, is_binary)


def _flag(holder: Mapping[str, Any], what: str, name: str, otherwise: bool) -> bool:
    parameters = holder.get("parameters")
    if not isinstance(parameters, dict) or name not in parameters:
        return otherwise
    value = parameters[name]
    if not isinstance(value, bool):
        raise BadRequest(f"{what}.parameters.{name} is {kind_of(value)}; true or false is accepted")
    return value


def encode_answer(
    answers: Sequence[Answer], served: Served, answer_id: str, wanted: Wanted
) -> dict[str, Any] | BinaryAnswer:
    """The whole answer: JSON, with binary data behind it where that is wanted.

    Raises:
        BadRequest: an output is wanted that there is not.
    """
    outputs = _outputs(answers, served)
    if unknown := sorted(wanted.names.keys() - {output["name"] for output in outputs}):
        there_are = ", ".join(output["name"] for output in outputs)
        raise BadRequest(f"there is no output {unknown[0][:40]!r}; there are {there_are}")
    chosen = [output for output in outputs if not wanted.names or output["name"] in wanted.names]
    binary = b""
    for output in chosen:
        if wanted.names.get(output["name"], wanted.is_binary):
            data = _as_bytes(output.pop("data"), output["datatype"])
            output["parameters"] = {"binary_data_size": len(data)}
            binary += data
    content = {"model_name": served.model, "model_version": served.version, "id": answer_id, "outputs": chosen}
    return BinaryAnswer(content, binary) if binary else content


def _as_bytes(values: list[Any], datatype: str) -> bytes:
    if datatype != "BYTES":
        return np.array(values, DTYPES[datatype]).tobytes()
    texts = [value.encode() for value in values]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def _outputs(answers: Sequence[Answer], served: Served) -> list[dict[str, Any]]:
    count = len(answers)
    readings = [answer.reading for answer in answers]
    shares = [round(reading.probabilities[name], DECIMALS) for reading in readings for name in served.labels]
    outputs = [
        _tensor("label", "BYTES", [count], [reading.label for reading in readings]),
        _tensor("confidence", "FP32", [count], [round(reading.confidence, DECIMALS) for reading in readings]),
        _tensor("recognised", "BOOL", [count], [reading.recognised for reading in readings]),
        _tensor("probabilities", "FP32", [count, len(served.labels)], shares),
        _tensor("ink", "INT32", [count, 4], [value for answer in answers for value in answer.ink]),
    ]
    explanations = [answer.explanation for answer in answers if answer.explanation is not None]
    if explanations:
        maps = [image for explanation in explanations for image in explanation.map_pngs()]
        values = [value for explanation in explanations for value in explanation.attribution_values()]
        height, width = explanations[0].attribution.shape
        outputs += [
            _tensor("input", "BYTES", [count], [explanation.input_png() for explanation in explanations]),
            _tensor("feature_maps", "BYTES", [count, len(maps) // count], maps),
            _tensor("attribution", "FP32", [count, height, width], list(chain.from_iterable(values))),
        ]
    return outputs


def _tensor(name: str, datatype: str, shape: list[int], data: list[Any]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}
