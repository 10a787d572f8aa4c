"""What Triton's own clients do with a gateway, run in an environment of its own; prints what each step gave as JSON.

Usage: triton_steps.py URL CERTIFICATE KEY PICTURE
"""

import json
import ssl
import sys
from pathlib import Path
from typing import Any

import gevent.ssl
import numpy as np
import tritonclient.grpc
import tritonclient.http
from PIL import Image
from tritonclient.utils import InferenceServerException

MODEL = "mnist"
DATATYPES = {"UINT8": np.uint8, "FP32": np.float32, "FP16": np.float16}


def steps(client: Any, library: Any, headers: dict[str, str], picture: bytes, ink: np.ndarray, is_http: bool) -> Any:
    """The outcome of each step by its name; each gets headers of its own, because the client adds to them."""
    found: dict[str, Any] = {
        "live": client.is_server_live(headers=headers),
        "ready": client.is_server_ready(headers=headers),
        "model ready": client.is_model_ready(MODEL, headers=headers),
        "version ready": client.is_model_ready(MODEL, "1.0", headers=headers),
    }
    as_json = {} if is_http else {"as_json": True}
    found["server metadata"] = client.get_server_metadata(headers=headers, **as_json)
    found["model metadata"] = client.get_model_metadata(MODEL, headers=headers, **as_json)
    for binary in (True, False) if is_http else (True,):
        how = {"binary_data": binary} if is_http else {}
        for datatype, dtype in DATATYPES.items():
            if datatype == "FP16" and not binary:
                continue  # JSON cannot hold it
            full = 255 if datatype == "UINT8" else 1
            tensor = library.InferInput("ink", list(ink.shape), datatype)
            tensor.set_data_from_numpy((ink * full).astype(dtype), **how)
            found[f"{datatype} {binary}"] = outcome(
                client.infer(MODEL, [tensor], headers=dict(headers), request_id="mine")
            )
    files = library.InferInput("files", [2], "BYTES")
    files.set_data_from_numpy(np.array([picture, picture], dtype=object))
    found["BYTES"] = outcome(client.infer(MODEL, [files], headers=dict(headers), request_id="mine"))
    chosen = client.infer(MODEL, [files], headers=dict(headers), outputs=[library.InferRequestedOutput("confidence")])
    found["chosen outputs"] = [chosen.as_numpy(name) is not None for name in ("confidence", "label")]
    unusable = library.InferInput("ink", [1], "FP32")
    unusable.set_data_from_numpy(np.zeros(1, np.float32))
    for name, call in {
        "unusable": lambda: client.infer(MODEL, [unusable], headers=dict(headers)),
        "unknown model": lambda: client.infer("other", [files], headers=dict(headers)),
        "without a key": lambda: client.infer(MODEL, [files]),
    }.items():
        try:
            call()
            found[name] = "no error"
        except InferenceServerException as error:
            found[name] = f"{error.status()} {error.message()}"
    return found


def outcome(result: Any) -> Any:
    """Labels, and whether all other outputs are there, of one answer."""
    answer = result.get_response()
    answer_id = answer["id"] if isinstance(answer, dict) else answer.id
    shapes = [list(result.as_numpy(name).shape) for name in ("confidence", "recognised", "probabilities")]
    return [answer_id, [label.decode() for label in result.as_numpy("label")], shapes]


def main() -> None:
    url, certificate, key, file = sys.argv[1:]
    host = url.partition("://")[2]
    headers = {"authorization": f"Bearer {key}"}
    ink = 1 - np.asarray(Image.open(file).convert("L")) / 255
    picture = Path(file).read_bytes()

    def context() -> ssl.SSLContext:
        return gevent.ssl.create_default_context(cafile=certificate)  # type: ignore[no-any-return]

    http = tritonclient.http.InferenceServerClient(host, ssl=True, ssl_context_factory=context)
    grpc = tritonclient.grpc.InferenceServerClient(host, ssl=True, root_certificates=certificate)
    found = {
        "http": steps(http, tritonclient.http, headers, picture, ink, is_http=True),
        "grpc": steps(grpc, tritonclient.grpc, headers, picture, ink, is_http=False),
    }
    print(json.dumps(found))


main()
