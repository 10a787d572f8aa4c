"""The bodies that pictures are sent in: every documented format, and malformed ones."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote_from_bytes

import numpy as np
from numpy.random import Generator
from PIL import Image

from benchmarks.answer_requests.files import as_usual, encoded, flattened
from benchmarks.answer_requests.pictures import pick
from model.artifacts import MODEL_NAME

PREDICT, V1, V2 = f"/predictions/{MODEL_NAME}", f"/v1/models/{MODEL_NAME}:predict", f"/v2/models/{MODEL_NAME}/infer"
EXPLAIN = {"/predictions/": "/explanations/", ":predict": ":explain", "/infer": "/explain"}
JSON, FORM, BINARY = "application/json", "application/x-www-form-urlencoded", "application/octet-stream"
FILE_TYPES = (BINARY, "image/png", "image/jpeg", "text/plain", JSON)  # the server tells formats by content
JSON_TYPES = (JSON, JSON, BINARY, "text/plain")
FIELDS = ("data", "image", "file", "body")
BOUNDARY = "a-boundary-of-no-picture"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
MOST_PICTURES = 4  # in a request of several
TOO_MANY, TOO_MANY_EXPLAINED = 257, 17
TENSOR_SIDE = (4, 57)  # px, from and below


@dataclass(frozen=True)
class Request:
    """What is posted."""

    path: str
    content_type: str
    body: bytes


Picture = Callable[[], Image.Image]
"""Draws one more picture of any kind."""


def raw(file: bytes, rng: Generator) -> Request:
    """The file itself as the body, whatever its content type says."""
    return Request(pick(rng, (PREDICT, f"{PREDICT}/1.0")), pick(rng, FILE_TYPES), file)


def _multipart(draw: Picture, rng: Generator) -> Request:
    name = pick(rng, ('; filename="digit.png"', '; filename="digit.png"\r\nContent-Type: image/png', ""))
    parts = [_part("comment", "", b"seven"), _part(pick(rng, FIELDS), name, as_usual(draw()))]
    return _form(parts if rng.random() < 0.5 else parts[1:], pick(rng, (MULTIPART, MULTIPART, "image/png")))


def _part(field: str, name: str, content: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"{name}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def _form(parts: list[bytes], content_type: str) -> Request:
    return Request(PREDICT, content_type, b"".join(parts) + f"--{BOUNDARY}--\r\n".encode())


def _text(draw: Picture, rng: Generator) -> str:
    """Base64 of a picture: plain, as a data: URL, or broken into lines."""
    file, kind = as_usual(draw()), rng.random()
    if kind < 0.2:
        return base64.encodebytes(file).decode()
    return ("data:image/png;base64," if kind < 0.5 else "") + base64.b64encode(file).decode()


def _json(body: Any, content_type: str = JSON, path: str = PREDICT) -> Request:
    return Request(path, content_type, json.dumps(body).encode())


def _single(draw: Picture, rng: Generator) -> Request:
    return _json({"image": _text(draw, rng)}, pick(rng, JSON_TYPES))


def _kserve_v1(draw: Picture, rng: Generator) -> Request:
    instances = []
    for _ in range(_count(rng)):
        text = _text(draw, rng)
        instances.append(pick(rng, (text, {"data": text}, {"b64": text}, {"image_bytes": {"b64": text}})))
    return _json({"instances": instances}, pick(rng, JSON_TYPES), pick(rng, (V1, PREDICT)))


def _count(rng: Generator) -> int:
    return int(rng.integers(1, MOST_PICTURES + 1))


def _oip(tensors: list[dict[str, Any]], rng: Generator) -> Request:
    """Always with an id: where a client gives none, TorchServe makes one up, and no two answers are the same."""
    body = {"id": f"number {rng.integers(1000)}", "inputs": tensors}
    return _json(body, pick(rng, JSON_TYPES), pick(rng, (V2, PREDICT)))


def _oip_pictures(draw: Picture, rng: Generator) -> Request:
    texts = [_text(draw, rng) for _ in range(_count(rng))]
    shapes: tuple[tuple[list[int], list[Any]], ...] = (
        ([len(texts)], texts),
        ([-1], texts),
        ([len(texts), 1], [[text] for text in texts]),
    )
    shape, data = pick(rng, shapes)
    return _oip([{"name": "pictures", "shape": shape, "datatype": "BYTES", "data": data}], rng)


def _oip_tensors(draw: Picture, rng: Generator) -> Request:
    return _oip([_tensor(draw, rng) for _ in range(int(rng.integers(1, 3)))], rng)


def _tensor(draw: Picture, rng: Generator) -> dict[str, Any]:
    """Pictures of one size as numbers, light on dark, flat or nested."""
    count = int(rng.integers(1, 3))
    height, width = rng.integers(*TENSOR_SIDE, 2).tolist()
    greys = [flattened(draw()).convert("L").resize((width, height)) for _ in range(count)]
    ink = np.stack([np.asarray(grey) for grey in greys])
    ink = ink if ink[0, 0, 0] < 128 else 255 - ink
    datatype = pick(rng, ("UINT8", "FP32"))
    values = ink if datatype == "UINT8" else (ink / 255).round(int(rng.integers(2, 6)))
    shapes = [[count, 1, height, width], [count, height, width], [height, width]]
    shape = pick(rng, shapes if count == 1 else shapes[:2])
    data = values.reshape(shape if rng.random() < 0.5 else -1).tolist()
    declared = [-1, *shape[1:]] if rng.random() < 0.3 else shape
    return {"name": "ink", "shape": declared, "datatype": datatype, "data": data}


def _curl(draw: Picture, rng: Generator) -> Request:
    """JSON that `curl -d` calls a form: TorchServe splits it at `=` and turns `+` into spaces; or a form's field."""
    if rng.random() < 0.2:
        return Request(PREDICT, FORM, f"{pick(rng, FIELDS)}={quote_from_bytes(encoded(draw()))}".encode())
    return replace(pick(rng, (_single, _kserve_v1, _oip_pictures, _oip_tensors))(draw, rng), content_type=FORM)


def _explanation(draw: Picture, rng: Generator) -> Request:
    kind = rng.random()
    if kind < 0.1:
        asked = _json({"instances": [_text(draw, rng)] * TOO_MANY_EXPLAINED})
    elif kind < 0.4:
        asked = raw(as_usual(draw()), rng)
    else:
        asked = pick(rng, (_multipart, _single, _kserve_v1, _oip_pictures, _oip_tensors))(draw, rng)
    path = asked.path
    for old, new in EXPLAIN.items():
        path = path.replace(old, new)
    return replace(asked, path=path)


def _malformed(draw: Picture, rng: Generator) -> Request:
    kind = rng.random()
    if kind < 0.6:
        return _json(pick(rng, _wrong_values(_text(draw, rng))), pick(rng, JSON_TYPES))
    if kind < 0.8:  # of the format whose answer holds no id, for a few are still valid
        body = bytearray(_single(draw, rng).body)
        cut = int(rng.integers(len(body)))
        body[cut:] = b"" if kind < 0.7 else bytes(rng.integers(0, 256, 3).tolist()) + body[cut + 3 :]
        return Request(PREDICT, pick(rng, JSON_TYPES), bytes(body))
    form = _part(pick(rng, ("comment", "picture", "data")), "", pick(rng, (b"", b"seven", as_usual(draw()))))
    forms = (b"", form[: int(rng.integers(10, len(form)))], form.replace(BOUNDARY.encode(), b"another"), form)
    return _form([pick(rng, forms)], pick(rng, (MULTIPART, MULTIPART, FORM, "image/png", JSON)))


def _wrong_values(text: str) -> list[Any]:
    """JSON values that no format knows, all but a few of them refused."""

    def tensor(**changes: Any) -> dict[str, Any]:
        good = {"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [0, 1, 1, 0]}
        return {"id": "x", "inputs": [good | changes]}

    images: list[Any] = [None, 7, [], {"b64": text}, "", "$", "AAAA", text[:-3], "\ud800", "é"]
    instances: list[Any] = [[], {}, "all", None, [7], [{}], [{"data": None}], [{"image": {"x": text}}], [text, "AAAA"]]
    shapes: list[Any] = [[3, 3], [-1, -1], "2", [], [2, 1.5], [2, -2], [1, 3, 2, 2], [0, 28], [2**40, 2**40], [1] * 9]
    numbers: list[Any] = [None, "0110", [], [[0, 1], [1]]]
    numbers += [[0, 1, 1, last] for last in (2, -0.1, "0", float("nan"), float("inf"), None)]
    inputs: list[Any] = [[], {}, [7], [{}], [{"name": "x"}]]
    return [
        *({"image": value} for value in images),
        *({"instances": value} for value in [*instances, [text[:8]] * TOO_MANY]),
        *(tensor(shape=shape) for shape in shapes),
        *(tensor(data=values) for values in numbers),
        *(tensor(datatype=name) for name in ("FP64", "INT8", "fp32", None, "BYTES")),
        *({"id": "x", "inputs": tensors} for tensors in inputs),
        {"id": 7, "inputs": []},
        *([], {}, {"picture": text}, [text], [[]] * 100_000),
    ]


BODIES: dict[str, Callable[[Picture, Generator], Request]] = {
    "multipart": _multipart,
    "JSON": _single,
    "forms": _curl,
    "KServe V1": _kserve_v1,
    "OIP pictures": _oip_pictures,
    "OIP tensors": _oip_tensors,
    "explanations": _explanation,
    "malformed bodies": _malformed,
}
