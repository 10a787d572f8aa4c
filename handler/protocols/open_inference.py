"""The Open Inference Protocol (KServe's V2): tensors in, tensors out.

https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
"""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from handler.protocols.base64_pictures import decode_base64
from handler.protocols.binary_tensors import elements, numbers
from handler.protocols.output_tensors import encode_answer, wanted_outputs
from handler.protocols.query import (
    Answer,
    BadRequest,
    BinaryAnswer,
    Picture,
    Query,
    Served,
    check_count,
    kind_of,
)
from handler.protocols.tensors import FULL_INK, LAYOUTS, ink_pictures, resolved_shape, unnested
from model.preprocessing.decoding import has_signature


def parse(body: dict[str, Any]) -> Query:
    """The pictures of all input tensors, in their order.

    Raises:
        BadRequest: a tensor, or what is wanted back, is malformed; the message names it.
        ImageTooLarge: more than `MAX_PICTURES`.
    """
    tensors, query_id = body["inputs"], body.get("id")
    if not isinstance(tensors, list):
        raise BadRequest(f'"inputs" is {kind_of(tensors)}; an array of tensors is accepted')
    if query_id is not None and not isinstance(query_id, str):
        raise BadRequest(f'"id" is {kind_of(query_id)}; a string is accepted')
    check_count(len(tensors))
    pictures = [
        picture for index, tensor in enumerate(tensors) for picture in _pictures(tensor, body, f"inputs[{index}]")
    ]
    check_count(len(pictures))

    wanted = wanted_outputs(body)

    def encode(answers: Sequence[Answer], served: Served, request_id: str) -> dict[str, Any] | BinaryAnswer:
        return encode_answer(answers, served, request_id if query_id is None else query_id, wanted)

    return Query(pictures, encode)


def _pictures(tensor: object, body: dict[str, Any], what: str) -> Sequence[Picture]:
    if not isinstance(tensor, dict):
        raise BadRequest(f"{what} is {kind_of(tensor)}; a tensor with shape, datatype and data is accepted")
    if missing := {"name", "shape", "datatype", "data"} - tensor.keys():
        raise BadRequest(f"{what} has no {', '.join(sorted(missing))}")
    datatype = tensor["datatype"]
    if datatype != "BYTES" and (not isinstance(datatype, str) or datatype not in FULL_INK):
        seen = repr(datatype[:20]) if isinstance(datatype, str) else kind_of(datatype)
        raise BadRequest(f"{what}.datatype is {seen}; BYTES, {', '.join(FULL_INK)} are accepted")
    values, found = _values(tensor["data"], datatype, what)
    shape = resolved_shape(tensor["shape"], found, len(values), what)
    if datatype == "BYTES":
        check_count(len(values))
        return [_file(value, f"{what}.data[{index}]") for index, value in enumerate(values)]
    return ink_pictures(values, shape, datatype, _layout_of(tensor, body, what), what)


def _values(data: object, datatype: str, what: str) -> tuple[Sequence[Any] | NDArray[Any], list[int]]:
    """A tensor's values in row-major order, and the shape that its data has by itself."""
    if isinstance(data, bytes):
        values = elements(data, what) if datatype == "BYTES" else numbers(data, datatype, what)
        return values, [len(values)]
    if datatype == "FP16":
        raise BadRequest(f"{what} is FP16, which JSON cannot hold; send it as binary data, or as FP32")
    return unnested(data, f"{what}.data")


def _file(value: object, what: str) -> bytes:
    """A picture file: the bytes themselves in binary data, or base64."""
    return value if isinstance(value, bytes) and has_signature(value) else decode_base64(value, what)


def _layout_of(tensor: dict[str, Any], body: dict[str, Any], what: str) -> str | None:
    """The member `parameters.layout` of the tensor, or else of the request; None where there is none."""
    for holder, name in ((tensor, what), (body, "the request")):
        parameters = holder.get("parameters")
        if parameters is not None and not isinstance(parameters, dict):
            raise BadRequest(f"{name}.parameters is {kind_of(parameters)}; an object is accepted")
        layout = (parameters or {}).get("layout")
        if layout is None:
            continue
        if not isinstance(layout, str) or layout not in LAYOUTS:
            raise BadRequest(f"{name}.parameters.layout is not one of {', '.join(LAYOUTS)}")
        return layout
    return None
