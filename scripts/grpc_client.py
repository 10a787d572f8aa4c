"""Asks a running server over gRPC: a small client of TorchServe's `Predictions` and `StreamPredictions`.

Its messages are built from the .proto files in TorchServe's own jar, so that they cannot disagree with the server. It
needs `grpcio-tools`, which `make test` installs.
"""

import argparse
import json
import sys
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

from model.errors import OperatorError
from scripts.cli import run
from serving.settings import LOOPBACK, MODEL_NAME, read_ports

PACKAGE = "org.pytorch.serve.grpc.inference"
SERVICE = f"/{PACKAGE}.InferenceAPIsService"
PROTO, ITS_IMPORTS = "inference.proto", ("google/rpc/status.proto",)
TIMEOUT_S = 20.0


class GrpcError(OperatorError):
    """The server refused the request, or is not to be reached."""


class GrpcClient:
    """Asks TorchServe at `address`, say `127.0.0.1:7070`; use it in a `with` block, or `close` it."""

    def __init__(self, address: str, model: str = MODEL_NAME, timeout_s: float = TIMEOUT_S) -> None:
        messages = _messages()
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
            GrpcError: says with which status and why.
        """
        return next(self._answers(lambda request: [self._predict(request, timeout=self._timeout_s)], body))

    def stream(self, body: bytes) -> Iterator[dict[str, Any]]:
        """The answers of the streaming call; this model sends one and ends the stream.

        Raises:
            GrpcError: says with which status and why.
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
                yield _checked(json.loads(response.prediction))
        except grpc.RpcError as error:
            raise GrpcError(f"{error.code().name}: {error.details().splitlines()[0]}") from error


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, unless it is an error object: TorchServe sends those with gRPC's status OK."""
    if answer.keys() == {"code", "type", "message"}:
        raise GrpcError("{code} {type}: {message}".format(**answer))
    return answer


def _messages() -> dict[str, Any]:
    """The message classes of TorchServe's inference service, by their full names."""
    with tempfile.TemporaryDirectory(prefix="grpc-") as folder:
        with zipfile.ZipFile(str(files("ts") / "frontend" / "model-server.jar")) as jar:
            jar.extractall(folder, [PROTO, *ITS_IMPORTS])
        described = Path(folder) / "described.pb"
        well_known = files("grpc_tools") / "_proto"
        if protoc.main(["", f"-I{folder}", f"-I{well_known}", "--include_imports", f"-o{described}", PROTO]) != 0:
            raise GrpcError(f"TorchServe's {PROTO} cannot be read")
        return dict(GetMessages(FileDescriptorSet.FromString(described.read_bytes()).file))


def main() -> int:
    address = f"{LOOPBACK}:{read_ports().grpc_inference}"
    parser = argparse.ArgumentParser(description="Read a digit over gRPC; prints the answer as JSON.")
    parser.add_argument("picture", type=Path, help="a picture, or a body of any other format that the HTTP API takes")
    parser.add_argument("--address", default=address, help="host and gRPC port of TorchServe (default: %(default)s)")
    parser.add_argument("--stream", action="store_true", help="use the streaming call")
    options = parser.parse_args()
    with GrpcClient(options.address) as client:
        body = options.picture.read_bytes()
        for answer in client.stream(body) if options.stream else [client.predict(body)]:
            json.dump(answer, sys.stdout)
            print()
    return 0


if __name__ == "__main__":
    run(main)
