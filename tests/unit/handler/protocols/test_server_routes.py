"""What KServe's protocols ask about the server: the paths behind a version, and errors of their shape."""

from typing import Any

import pytest

from handler.protocols.parsing import parse
from handler.protocols.query import Served, UnknownResource
from handler.protocols.server_routes import check_route, is_open_inference
from model.errors import InvalidImage

SERVED = Served("mnist", "1.0", list("0123456789"))


def answer_of(path: str) -> Any:
    query = parse({"body": b""}, {"url_path": path}, {})
    assert not query.pictures
    return query.encode([], SERVED, "id")


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("v2/health/live", {"live": True}),
        ("v2/health/ready", {"ready": True}),
        ("v2/models/mnist/ready", {"name": "mnist", "ready": True}),
        ("v2/models/mnist/versions/1.0/ready", {"name": "mnist", "ready": True}),
        ("v1/models", {"models": ["mnist"]}),
        ("v1/models/mnist", {"name": "mnist", "ready": True}),
    ],
)
def test_state_is_told(path: str, answer: dict[str, Any]) -> None:
    assert answer_of(path) == answer_of(f"/{path}/") == answer


def test_the_server_says_what_it_can() -> None:
    assert answer_of("v2") == {"name": "torchserve", "version": "1.0", "extensions": ["binary_tensor_data"]}


@pytest.mark.parametrize("path", ["v2/models/mnist", "v2/models/mnist/versions/1.0"])
def test_the_model_describes_its_tensors(path: str) -> None:
    answer = answer_of(path)
    assert (answer["name"], answer["versions"], answer["platform"]) == ("mnist", ["1.0"], "pytorch_torchscript")
    assert answer["inputs"] == [{"name": "image", "datatype": "BYTES", "shape": [-1]}]
    assert {"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]} in answer["outputs"]


@pytest.mark.parametrize(
    "path",
    ["v2/models/other", "v2/models/mnist/versions/2", "v2/models/mnist/versions/2/ready", "v1/models/other"],
)
def test_another_model_or_version_is_unknown(path: str) -> None:
    with pytest.raises(UnknownResource, match="there is no"):
        answer_of(path)


@pytest.mark.parametrize("path", ["v2/models/other/infer", "v2/models/mnist/versions/2/infer"])
def test_another_model_is_not_asked_for_pictures(path: str) -> None:
    with pytest.raises(UnknownResource):
        check_route({"url_path": path}, SERVED)
    check_route({"url_path": "v2/models/mnist/versions/1.0/infer"}, SERVED)
    check_route({}, SERVED)


@pytest.mark.parametrize("path", ["v3", "v2/other", "REST"])
def test_another_path_without_a_body_is_told_that_it_has_none(path: str) -> None:
    with pytest.raises(InvalidImage, match="there is no body"):
        answer_of(path)


def test_only_paths_of_the_protocol_have_its_errors() -> None:
    assert is_open_inference({"url_path": "v2/models/mnist/infer"})
    assert not is_open_inference({"url_path": "v1/models/mnist"}) and not is_open_inference({})
