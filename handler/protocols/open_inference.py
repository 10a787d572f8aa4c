"""The Open Inference Protocol (KServe's V2): tensors in, tensors out.

https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
"""

from collections.abc import Sequence
from itertools import chain
from math import prod
from typing import Any

import numpy as np
from PIL import Image

from handler.protocols.query import (
    DECIMALS,
    Answer,
    BadRequest,
    Picture,
    Query,
    Served,
    check_count,
    decode_base64,
    kind_of,
)

FULL_INK = {"FP32": 1.0, "UINT8": 255.0}
MAX_DIMENSIONS = 8  # longest declared shape
MAX_SHOWN = 40  # characters of a shape in an error message
_SHAPES = "[H, W], [N, H, W] or [N, 1, H, W]"


def parse(body: dict[str, Any]) -> Query:
    """The pictures of all input tensors, in their order.

    Raises:
        BadRequest: a tensor is malformed; the message names it.
        ImageTooLarge: more than `MAX_PICTURES`.
    """
    tensors, query_id = body["inputs"], body.get("id")
    if not isinstance(tensors, list):
        raise BadRequest(f'"inputs" is {kind_of(tensors)}; an array of tensors is accepted')
    if query_id is not None and not isinstance(query_id, str):
        raise BadRequest(f'"id" is {kind_of(query_id)}; a string is accepted')
    check_count(len(tensors))
    pictures = [picture for index, tensor in enumerate(tensors) for picture in _pictures(tensor, f"inputs[{index}]")]
    check_count(len(pictures))

    def encode(answers: Sequence[Answer], served: Served, request_id: str) -> dict[str, Any]:
        return {
            "model_name": served.model,
            "model_version": served.version,
            "id": request_id if query_id is None else query_id,
            "outputs": _outputs(answers, served),
        }

    return Query(pictures, encode)


def _pictures(tensor: object, what: str) -> Sequence[Picture]:
    if not isinstance(tensor, dict):
        raise BadRequest(f"{what} is {kind_of(tensor)}; a tensor with shape, datatype and data is accepted")
    if missing := {"name", "shape", "datatype", "data"} - tensor.keys():
        raise BadRequest(f"{what} has no {', '.join(sorted(missing))}")
    datatype = tensor["datatype"]
    values, found = _unnested(tensor["data"], f"{what}.data")
    shape = _resolved(tensor["shape"], found, len(values), what)
    if datatype == "BYTES":
        check_count(len(values))
        return [decode_base64(value, f"{what}.data[{index}]") for index, value in enumerate(values)]
    if not isinstance(datatype, str) or datatype not in FULL_INK:
        seen = repr(datatype[:20]) if isinstance(datatype, str) else kind_of(datatype)
        raise BadRequest(f"{what}.datatype is {seen}; BYTES, FP32 and UINT8 are accepted")
    return _ink(values, shape, datatype, what)


def _unnested(data: object, what: str) -> tuple[list[Any], list[int]]:
    """The values of nested arrays in row-major order, and the shape of the nesting."""
    if not isinstance(data, list):
        raise BadRequest(f"{what} is {kind_of(data)}; an array, flat or nested, is accepted")
    found = [len(data)]
    while data and isinstance(data[0], list):
        width = len(data[0])
        if not all(isinstance(row, list) and len(row) == width for row in data):
            raise BadRequest(f"{what} is nested unevenly; all arrays of one depth must have one length")
        found.append(width)
        data = list(chain.from_iterable(data))
    return data, found


def _resolved(declared: object, found: list[int], count: int, what: str) -> list[int]:
    """The declared shape with each -1 replaced by what the data says."""
    if not isinstance(declared, list) or not 0 < len(declared) <= MAX_DIMENSIONS:
        raise BadRequest(f"{what}.shape must be an array of 1 to {MAX_DIMENSIONS} whole numbers")
    if not all(type(length) is int and length >= -1 for length in declared):
        raise BadRequest(f"{what}.shape must be an array of whole numbers; -1 stands for what the data says")
    shape = list(declared)
    if len(found) == len(shape) and len(found) > 1:
        shape = [seen if length == -1 else length for length, seen in zip(shape, found, strict=True)]
    elif shape.count(-1) == 1:
        known = prod(length for length in shape if length != -1)
        shape[shape.index(-1)] = count // known if known else 0
    if prod(shape) != count or -1 in shape or (len(found) == len(shape) > 1 and found != shape):
        raise BadRequest(f"{what}.shape {_short(declared)} does not fit data of shape {_short(found)}")
    return shape


def _short(shape: list[int]) -> str:
    text = str(shape)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def _ink(values: list[Any], shape: list[int], datatype: str, what: str) -> list[Picture]:
    """Pictures of ink, light on dark, from the numbers of one tensor."""
    if len(shape) not in (2, 3, 4) or (len(shape) == 4 and shape[1] != 1) or 0 in shape:
        raise BadRequest(f"{what}.shape is {_short(shape)}; {_SHAPES} is accepted")
    full = FULL_INK[datatype]
    kinds = {int, float} if datatype == "FP32" else {int}
    if not {type(value) for value in values} <= kinds or not all(0 <= value <= full for value in values):
        kind = "numbers" if datatype == "FP32" else "whole numbers"
        raise BadRequest(f"{what}.data must hold {kind} from 0 (paper) to {full:g} (ink)")
    pixels = np.rint(np.array(values, dtype=np.float64) * (255 / full)).astype(np.uint8)
    pictures = pixels.reshape(-1, *shape[-2:])  # (N, H, W)
    check_count(len(pictures))
    return [Image.fromarray(picture) for picture in pictures]


def _outputs(answers: Sequence[Answer], served: Served) -> list[dict[str, Any]]:
    count = len(answers)
    readings = [answer.reading for answer in answers]
    shares = [round(reading.probabilities[name], DECIMALS) for reading in readings for name in served.labels]
    outputs = [
        _tensor("label", "BYTES", [count], [reading.label for reading in readings]),
        _tensor("confidence", "FP32", [count], [round(reading.confidence, DECIMALS) for reading in readings]),
        _tensor("recognised", "BOOL", [count], [reading.recognised for reading in readings]),
        _tensor("probabilities", "FP32", [count, len(served.labels)], shares),
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
