"""What KServe's protocols ask about the server and its model: alive, ready, metadata.

TorchServe answers some of these by constants and others not at all. It hands the rest of a path behind the version to
the handler: /predictions/mnist/1.0/v2/models/mnist arrives as `v2/models/mnist`, and the gateway rewrites to that.
"""

import re
from collections.abc import Mapping
from typing import Any

from handler.protocols.query import Query, Served, UnknownResource

PLATFORM = "pytorch_torchscript"
EXTENSIONS = ["binary_tensor_data"]

_MODEL_V2 = re.compile(r"v2/models/(?P<model>[^/]+)(?:/versions/(?P<version>[^/]+))?(?P<ready>/ready)?")
_INFER_V2 = re.compile(r"v2/models/(?P<model>[^/]+)(?:/versions/(?P<version>[^/]+))?/(?:infer|explain)")
_MODEL_V1 = re.compile(r"v1/models(?:/(?P<model>[^/]+))?")
_TENSORS = {
    "inputs": [{"name": "image", "datatype": "BYTES", "shape": [-1]}],
    "outputs": [
        {"name": "label", "datatype": "BYTES", "shape": [-1]},
        {"name": "confidence", "datatype": "FP32", "shape": [-1]},
        {"name": "recognised", "datatype": "BOOL", "shape": [-1]},
    ],
}


def route_of(headers: Mapping[str, Any]) -> str:
    """The path behind the version, such as `v2/models/mnist`; empty where there is none."""
    path = headers.get("url_path", "")
    return path.strip("/") if isinstance(path, str) else ""


def is_open_inference(headers: Mapping[str, Any]) -> bool:
    """Whether a request came by a path of the Open Inference Protocol, which has errors of its own shape."""
    return route_of(headers).partition("/")[0] == "v2"


def route_query(headers: Mapping[str, Any]) -> Query | None:
    """The query behind a request without a body for the server's or the model's state; None for another path."""
    path = route_of(headers)
    if path in ("v2", "v2/health/live", "v2/health/ready") or _MODEL_V2.fullmatch(path) or _MODEL_V1.fullmatch(path):
        return Query([], lambda _answers, served, _request_id: _describe(path, served))
    return None


def check_route(headers: Mapping[str, Any], served: Served) -> None:
    """Make sure that a request by a path of the Open Inference Protocol asks the model that is served.

    Raises:
        UnknownResource: it asks another, or another version.
    """
    match = _INFER_V2.fullmatch(route_of(headers))
    if match:
        _check_served(match, served)


def _check_served(match: re.Match[str], served: Served) -> None:
    asked = match.groupdict()
    if asked["model"] not in (None, served.model):
        raise UnknownResource(f"there is no model {asked['model'][:40]!r}; {served.model!r} is served")
    if asked.get("version") not in (None, served.version):
        raise UnknownResource(f"there is no version {asked['version'][:40]!r} here; {served.version!r} answers")


def _describe(path: str, served: Served) -> dict[str, Any]:
    """The answer for one of the paths; who answers is alive and has a worker, so it is ready.

    Raises:
        UnknownResource: another model or version is asked for.
    """
    if path == "v2":
        return {"name": served.server, "version": served.version, "extensions": EXTENSIONS}
    if path.startswith("v2/health"):
        return {path.rpartition("/")[2]: True}
    if match := _MODEL_V1.fullmatch(path):
        _check_served(match, served)
        return {"name": served.model, "ready": True} if match["model"] else {"models": [served.model]}
    match = _MODEL_V2.fullmatch(path)
    if match is None:
        raise UnknownResource(f"there is no path {path[:80]!r}")
    _check_served(match, served)
    if match["ready"]:
        return {"name": served.model, "ready": True}
    return {"name": served.model, "versions": [served.version], "platform": PLATFORM} | _tensors(served)


def _tensors(served: Served) -> dict[str, Any]:
    probabilities = {"name": "probabilities", "datatype": "FP32", "shape": [-1, len(served.labels)]}
    ink = {"name": "ink", "datatype": "INT32", "shape": [-1, 4]}
    return {"inputs": _TENSORS["inputs"], "outputs": [*_TENSORS["outputs"], probabilities, ink]}
