"""A small client of TorchServe's gRPC service: `Predictions` and `StreamPredictions`.

Its messages are built from the .proto files in TorchServe's own jar, so they cannot disagree with the server. It needs
`grpcio-tools`, which `make test` installs.
"""

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.message_factory import GetMessages
from grpc_tools import protoc

from model.artifacts import MODEL_NAME
from model.errors import OperatorError

PACKAGE = "org.pytorch.serve.grpc.inference"
SERVICE = f"/{PACKAGE}.InferenceAPIsService"
PROTO, PROTO_IMPORTS = "inference.proto", ("google/rpc/status.proto",)
TIMEOUT_S = 20.0


class GrpcError(OperatorError):
    """The server refused the request, or cannot be reached."""


class GrpcClient:
    """Asks TorchServe for predictions; use it in a `with` block, or call `close`.

    Args:
        address: host and gRPC port of TorchServe, such as `127.0.0.1:7070`.
        model: the model's name.
        timeout_s: how long a call may take.

    Raises:
        GrpcError: TorchServe's .proto files cannot be read.
    """

    def __init__(self, address: str, model: str = MODEL_NAME, timeout_s: float = TIMEOUT_S) -> None:
        messages = message_classes()
        self._request = messages[f"{PACKAGE}.PredictionsRequest"]
        self._response = messages[f"{PACKAGE}.PredictionResponse"]
        self._model, self._timeout_s = model, timeout_s
        self._channel = grpc.insecure_channel(address)
        codecs = {
            "request_serializer": self._request.SerializeToString,
            "response_deserializer": self._response.FromString,
        }
        self._predict = self._channel.unary_unary(f"{SERVICE}/Predictions", **codecs)
        self._stream = self._channel.unary_stream(f"{SERVICE}/StreamPredictions", **codecs)

    def predict(self, body: bytes) -> dict[str, Any]:
        """The answer to one body, of any format that the HTTP API takes.

        Raises:
            GrpcError: the call failed; names the status and the reason.
        """
        return next(self._answers(lambda request: [self._predict(request, timeout=self._timeout_s)], body))

    def stream(self, body: bytes) -> Iterator[dict[str, Any]]:
        """The answers of the streaming call; this model sends one and ends the stream.

        Raises:
            GrpcError: the call failed; names the status and the reason.
        """
        return self._answers(lambda request: self._stream(request, timeout=self._timeout_s), body)

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def __enter__(self) -> "GrpcClient":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _answers(self, call: Callable[[Any], Iterable[Any]], body: bytes) -> Iterator[dict[str, Any]]:
        try:
            for response in call(self._request(model_name=self._model, input={"data": body})):
                yield parse_answer(response.prediction)
        except grpc.RpcError as error:
            raise GrpcError(f"{error.code().name}: {error.details().splitlines()[0]}") from error


def parse_answer(prediction: bytes) -> dict[str, Any]:
    """The answer's JSON as an object.

    Raises:
        GrpcError: it is an error object; TorchServe sends those with gRPC's status OK.
    """
    answer: dict[str, Any] = json.loads(prediction)
    if answer.keys() == {"code", "type", "message"}:
        raise GrpcError("{code} {type}: {message}".format(**answer))
    return answer


def message_classes() -> dict[str, Any]:
    """The message classes of TorchServe's inference service, by their full names.

    Raises:
        GrpcError: the .proto files in TorchServe's jar cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="grpc-") as folder:
        with zipfile.ZipFile(str(files("ts") / "frontend" / "model-server.jar")) as jar:
            jar.extractall(folder, [PROTO, *PROTO_IMPORTS])
        descriptors = Path(folder) / "descriptors.pb"
        well_known = files("grpc_tools") / "_proto"
        if protoc.main(["", f"-I{folder}", f"-I{well_known}", "--include_imports", f"-o{descriptors}", PROTO]) != 0:
            raise GrpcError(f"TorchServe's {PROTO} cannot be read")
        return dict(GetMessages(FileDescriptorSet.FromString(descriptors.read_bytes()).file))
