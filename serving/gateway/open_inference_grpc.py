"""The Open Inference Protocol over gRPC, `inference.GRPCInferenceService`: asks the nodes over HTTP and translates.

TorchServe has this service under another name, and ignores `raw_input_contents`, which is all that Triton's client
sends. The messages are those of the .proto file in its jar, which fits on the wire.
https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/open_inference_grpc.proto
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from handler.protocols.binary_tensors import DTYPES, HEADER
from handler.protocols.binary_tensors import elements as byte_elements
from handler.protocols.query import BadRequest
from model.errors import InvalidImage
from serving.grpc_messages import message_classes
from serving.settings import LOOPBACK
from serving.unix_http import UnixConnection

SERVICE = "inference.GRPCInferenceService"
PROTO, PACKAGE = "open_inference_grpc.proto", "org.pytorch.serve.grpc.openinference"
THREADS = 64
MAX_MESSAGE_BYTES = 9 * 2**20  # a body of 8 MB and what surrounds it
TIMEOUT_S = 30.0

_CODES = {
    HTTPStatus.BAD_REQUEST: grpc.StatusCode.INVALID_ARGUMENT,
    HTTPStatus.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: grpc.StatusCode.INVALID_ARGUMENT,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: grpc.StatusCode.INVALID_ARGUMENT,
    HTTPStatus.UNPROCESSABLE_ENTITY: grpc.StatusCode.INVALID_ARGUMENT,
    HTTPStatus.TOO_MANY_REQUESTS: grpc.StatusCode.RESOURCE_EXHAUSTED,
    HTTPStatus.SERVICE_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT: grpc.StatusCode.DEADLINE_EXCEEDED,
}

_CONTENTS = {
    "BOOL": "bool_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
"""The member of `InferTensorContents` that holds a datatype; FP16 has none."""


class OpenInferenceServer:
    """Serves the protocol on a loopback port.

    Args:
        nodes: Unix socket at which Envoy passes HTTP on to the nodes, with its retries.

    Attributes:
        port: where it listens.
    """

    def __init__(self, nodes: Callable[[], Path]) -> None:
        self._nodes = nodes
        self._messages = message_classes(PROTO)
        self._server = grpc.server(
            ThreadPoolExecutor(THREADS, thread_name_prefix="grpc"),
            options=[("grpc.max_receive_message_length", MAX_MESSAGE_BYTES), ("grpc.so_reuseport", 0)],
        )
        methods = {
            "ServerLive": self._state("ServerLive", lambda request: "/v2/health/live"),
            "ServerReady": self._state("ServerReady", lambda request: "/v2/health/ready"),
            "ModelReady": self._state("ModelReady", lambda request: f"{_path(request)}/ready"),
            "ServerMetadata": self._state("ServerMetadata", lambda request: "/v2"),
            "ModelMetadata": self._state("ModelMetadata", _path),
            "ModelInfer": self._method("ModelInfer", self._infer),
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
        self.port: int = self._server.add_insecure_port(f"{LOOPBACK}:0")

    def start(self) -> None:
        """Answer from now on."""
        self._server.start()

    def stop(self) -> None:
        """Stop once the calls under way are answered."""
        self._server.stop(grace=TIMEOUT_S).wait()

    def _method(self, name: str, answer: Callable[[Any, grpc.ServicerContext], Any]) -> grpc.RpcMethodHandler:
        return grpc.unary_unary_rpc_method_handler(
            answer,
            request_deserializer=self._messages[f"{PACKAGE}.{name}Request"].FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )

    def _state(self, name: str, path: Callable[[Any], str]) -> grpc.RpcMethodHandler:
        """A method whose answer has the members of the JSON at a path."""
        response = self._messages[f"{PACKAGE}.{name}Response"]
        known = {field.name for field in response.DESCRIPTOR.fields}

        def answer(request: Any, context: grpc.ServicerContext) -> Any:
            content, _ = self._ask(context, "GET", path(request))
            return response(**{member: value for member, value in content.items() if member in known})

        return self._method(name, answer)

    def _infer(self, request: Any, context: grpc.ServicerContext) -> Any:
        is_raw = bool(request.raw_input_contents)
        try:
            text, binary = _as_http(request)
        except (InvalidImage, ValueError) as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        headers = {HEADER: str(len(text)), "Content-Type": "application/octet-stream"}
        content, data = self._ask(context, "POST", f"{_path(request, 'model_')}/infer", text + binary, headers)
        response = self._messages[f"{PACKAGE}.ModelInferResponse"](
            model_name=content["model_name"], model_version=content["model_version"], id=content["id"]
        )
        at = 0
        for output in content["outputs"]:
            size = output["parameters"]["binary_data_size"]
            tensor = response.outputs.add(name=output["name"], datatype=output["datatype"], shape=output["shape"])
            if is_raw:
                response.raw_output_contents.append(data[at : at + size])
            else:
                values = _values(data[at : at + size], output["datatype"])
                getattr(tensor.contents, _CONTENTS[output["datatype"]]).extend(values)
            at += size
        return response

    def _ask(
        self,
        context: grpc.ServicerContext,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[dict[str, Any], bytes]:
        """The JSON of an answer and the bytes behind it; another status ends the call with its message."""
        connection = UnixConnection(self._nodes(), min(TIMEOUT_S, context.time_remaining() or TIMEOUT_S))
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            data = answer.read()
        except OSError:
            context.abort(grpc.StatusCode.UNAVAILABLE, "no node answers; ask again after a second")
        finally:
            connection.close()
        length = int(answer.headers.get(HEADER, len(data)))
        content = json.loads(data[:length])
        if answer.status != HTTPStatus.OK:
            message = content.get("error", content.get("message", ""))
            context.abort(_CODES.get(HTTPStatus(answer.status), grpc.StatusCode.INTERNAL), message)
        return content, data[length:]


def _path(request: Any, prefix: str = "") -> str:
    """The HTTP path of the model that a request names."""
    version = getattr(request, f"{prefix}version")
    return f"/v2/models/{getattr(request, f'{prefix}name')}" + (f"/versions/{version}" if version else "")


def _as_http(request: Any) -> tuple[bytes, bytes]:
    """The JSON and the binary data of a request for predictions.

    Raises:
        BadRequest: its tensors and their contents do not fit together.
    """
    raw = list(request.raw_input_contents)
    if raw and len(raw) != len(request.inputs):
        raise BadRequest(f"there are {len(raw)} raw_input_contents for {len(request.inputs)} inputs")
    contents = raw or [_typed(tensor, index) for index, tensor in enumerate(request.inputs)]
    content: dict[str, Any] = {
        "parameters": _parameters(request.parameters) | {"binary_data_output": True},
        "inputs": [
            {
                "name": tensor.name,
                "datatype": tensor.datatype,
                "shape": list(tensor.shape),
                "parameters": _parameters(tensor.parameters) | {"binary_data_size": len(data)},
            }
            for tensor, data in zip(request.inputs, contents, strict=True)
        ],
    }
    if request.id:
        content["id"] = request.id
    if request.outputs:
        content["outputs"] = [{"name": output.name} for output in request.outputs]
    return json.dumps(content).encode(), b"".join(contents)


def _typed(tensor: Any, index: int) -> bytes:
    """The typed contents of a tensor, little-endian."""
    member = _CONTENTS.get(tensor.datatype)
    if member is None:
        kinds = ", ".join(_CONTENTS)
        raise BadRequest(f"inputs[{index}].contents cannot hold {tensor.datatype[:20]!r}; {kinds} are accepted")
    values: Sequence[Any] = getattr(tensor.contents, member)
    if tensor.datatype == "BYTES":
        return b"".join(struct.pack("<I", len(value)) + value for value in values)
    numbers = np.array(values)
    typed = numbers.astype(DTYPES[tensor.datatype])
    if not np.array_equal(typed, numbers, equal_nan=tensor.datatype.startswith("FP")):
        raise BadRequest(f"inputs[{index}].contents has values that {tensor.datatype} cannot hold")
    return typed.tobytes()


def _values(data: bytes, datatype: str) -> list[Any]:
    """The values of an output tensor."""
    if datatype == "BYTES":
        return byte_elements(data, "the output")
    dtype = "?" if datatype == "BOOL" else DTYPES[datatype]
    found: list[Any] = np.frombuffer(data, dtype).tolist()
    return found


def _parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: getattr(value, value.WhichOneof("parameter_choice") or "string_param")
        for name, value in parameters.items()
    }
