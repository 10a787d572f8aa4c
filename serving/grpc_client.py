"""A small client of TorchServe's gRPC service: `Predictions` and `StreamPredictions`.

It needs what `make test` installs; see `serving.grpc_messages`.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import grpc

from model.artifacts import MODEL_NAME
from serving.grpc_messages import GrpcError, message_classes

PACKAGE = "org.pytorch.serve.grpc.inference"
SERVICE = f"/{PACKAGE}.InferenceAPIsService"
PROTO = "inference.proto"
TIMEOUT_S = 20.0


class GrpcClient:
    """Asks TorchServe for predictions; use it in a `with` block, or call `close`.

    Args:
        address: host and gRPC port of TorchServe, such as `127.0.0.1:7070`.
        model: the model's name.
        timeout_s: how long a call may take.
        certificate: PEM that a gateway's certificate is checked with; None for a node, which has none.
        key: of a gateway.

    Raises:
        GrpcError: TorchServe's .proto files cannot be read.
    """

    def __init__(
        self,
        address: str,
        model: str = MODEL_NAME,
        timeout_s: float = TIMEOUT_S,
        certificate: Path | None = None,
        key: str | None = None,
    ) -> None:
        messages = message_classes(PROTO)
        self._request = messages[f"{PACKAGE}.PredictionsRequest"]
        self._response = messages[f"{PACKAGE}.PredictionResponse"]
        self._model, self._timeout_s = model, timeout_s
        if certificate is None:
            self._channel = grpc.insecure_channel(address)
        else:
            credentials = grpc.ssl_channel_credentials(certificate.read_bytes())
            self._channel = grpc.secure_channel(address, credentials)
        self._metadata = [("authorization", f"Bearer {key}")] if key else []
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
        return next(
            self._answers(
                lambda request: [self._predict(request, timeout=self._timeout_s, metadata=self._metadata)], body
            )
        )

    def stream(self, body: bytes) -> Iterator[dict[str, Any]]:
        """The answers of the streaming call; this model sends one and ends the stream.

        Raises:
            GrpcError: the call failed; names the status and the reason.
        """
        return self._answers(
            lambda request: self._stream(request, timeout=self._timeout_s, metadata=self._metadata), body
        )

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
