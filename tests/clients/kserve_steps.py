"""What KServe's own clients do with a gateway, run in an environment of its own; prints what each step gave as JSON.

Usage: kserve_steps.py URL CERTIFICATE KEY PICTURE
"""

import asyncio
import base64
import json
import ssl
import sys
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig
from PIL import Image

MODEL = "mnist"


async def rest_steps(protocol: str, url: str, certificate: str, headers: dict[str, str], body: Any) -> dict[str, Any]:
    """The outcome of each step of the REST client by its name."""
    config = RESTConfig(protocol=protocol, verify=ssl.create_default_context(cafile=certificate))
    client = InferenceRESTClient(config)
    found: dict[str, Any] = {"model ready": await client.is_model_ready(url, MODEL, headers=headers)}
    if protocol == "v2":
        found["live"] = await client.is_server_live(url, headers=headers)
        found["ready"] = await client.is_server_ready(url, headers=headers)
    answer = await client.infer(url, body, model_name=MODEL, headers=headers)
    found["infer"] = answer["predictions"][0]["label"] if protocol == "v1" else labels_of(answer)
    await client.close()
    return found


async def grpc_steps(host: str, certificate: str, headers: dict[str, str], requests: list[Any]) -> dict[str, Any]:
    """The outcome of each step of the gRPC client by its name."""
    credentials = grpc.ssl_channel_credentials(Path(certificate).read_bytes())
    client = InferenceGRPCClient(url=host, use_ssl=True, creds=credentials)
    metadata = list(headers.items())
    found: dict[str, Any] = {
        "live": await client.is_server_live(headers=metadata),
        "ready": await client.is_server_ready(headers=metadata),
        "model ready": await client.is_model_ready(MODEL, headers=metadata),
        "infer": [labels_of(await client.infer(request, headers=metadata)) for request in requests],
    }
    await client.close()
    return found


def labels_of(answer: Any) -> list[str]:
    """The labels of an answer by the Open Inference Protocol."""
    [label] = [output for output in answer.outputs if output.name == "label"]
    return [value.decode() if isinstance(value, bytes) else value for value in label.as_numpy().ravel().tolist()]


async def main() -> None:
    url, certificate, key, file = sys.argv[1:]
    headers = {"authorization": f"Bearer {key}"}
    text = base64.b64encode(Path(file).read_bytes()).decode()
    ink = (1 - np.asarray(Image.open(file).convert("L")) / 255).astype(np.float32)

    def request(use_binary: bool) -> InferRequest:
        tensor = InferInput("ink", list(ink.shape), "FP32")
        tensor.set_data_from_numpy(ink, binary_data=use_binary)
        return InferRequest(MODEL, [tensor], request_id="mine")

    found = {
        "v1": await rest_steps("v1", url, certificate, headers, {"instances": [{"data": text}]}),
        "v2 JSON": await rest_steps("v2", url, certificate, headers, request(use_binary=False)),
        "v2 binary": await rest_steps("v2", url, certificate, headers, request(use_binary=True)),
        "grpc": await grpc_steps(
            url.partition("://")[2], certificate, headers, [request(use_binary=True), request(use_binary=False)]
        ),
    }
    print(json.dumps(found))


asyncio.run(main())
