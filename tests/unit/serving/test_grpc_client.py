"""The gRPC client, where it needs no server."""

import pytest

from serving.grpc_client import PACKAGE, PROTO, parse_answer
from serving.grpc_messages import GrpcError, message_classes


def test_the_messages_are_those_of_torchserves_own_proto_files() -> None:
    messages = message_classes(PROTO)
    request = messages[f"{PACKAGE}.PredictionsRequest"](model_name="mnist", input={"data": b"\x89PNG"})
    again = messages[f"{PACKAGE}.PredictionsRequest"].FromString(request.SerializeToString())
    assert (again.model_name, dict(again.input)) == ("mnist", {"data": b"\x89PNG"})
    assert messages[f"{PACKAGE}.PredictionResponse"](prediction=b"{}").prediction == b"{}"


def test_an_answer_is_its_json() -> None:
    assert parse_answer(b'{"label": "7", "confidence": 0.9}') == {"label": "7", "confidence": 0.9}


def test_an_error_object_with_status_ok_is_an_error() -> None:
    with pytest.raises(GrpcError, match=r"^415 UnsupportedMediaType: this is not a picture$"):
        parse_answer(b'{"code": 415, "type": "UnsupportedMediaType", "message": "this is not a picture"}')
