"""Stands in for `POST /explanations/mnist` until the handler answers it: DESIGN.md's contract over real HTTP.

Predictions go through to the real TorchServe; only the explanation's three members are made up here, from the picture
that the network really sees. Tests use it only where the real server does not explain (see `explaining_page`).
"""

from __future__ import annotations

import base64
import io
import json
import urllib.request
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from model.pictures import decode_picture
from model.preprocessing import digit_image
from scripts.cli import ROOT

DIRECTIONS = 16
TIMEOUT_S = 10


class ExplainingServer(ThreadingHTTPServer):
    """The page and an API that explains, on one origin.

    Attributes:
        folder: of the page's files.
        status: what explanations are answered with; other than 200, an error in TorchServe's shape.
        explained: how many explanations were asked for.
    """

    daemon_threads = True

    def __init__(self, predictions_url: str, folder: Path = ROOT / "static_client") -> None:
        super().__init__(("127.0.0.1", 0), ExplainingHandler)
        self.folder = folder
        self.predictions_url = predictions_url
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.status = 200
        self.explained = 0


class ExplainingHandler(SimpleHTTPRequestHandler):
    server: ExplainingServer

    def __init__(self, request: Any, address: Any, server: ExplainingServer) -> None:
        super().__init__(request, address, server, directory=str(server.folder))

    def do_GET(self) -> None:
        if self.path == "/config.json":
            self._send(200, {"endpoint": self.server.url, "model": "mnist"})
        else:
            super().do_GET()

    def do_POST(self) -> None:
        picture = self.rfile.read(int(self.headers["Content-Length"]))
        result = predict(self.server.predictions_url, picture)
        if self.path.startswith("/predictions/"):
            self._send(200, result)
            return
        self.server.explained += 1
        if self.server.status == 200:
            self._send(200, {**result, **explain(picture, result["label"])})
        else:
            self._send(self.server.status, {"code": self.server.status, "type": "Trouble", "message": "No such thing."})

    def _send(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


def predict(url: str, picture: bytes) -> dict[str, Any]:
    request = urllib.request.Request(url, picture, {"Content-Type": "application/octet-stream"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def explain(picture: bytes, label: str) -> dict[str, Any]:
    """The three members: the real input; its slopes in 16 directions as maps; its ink, against it in the lower half."""
    seen = digit_image(decode_picture(picture))
    down, right = np.gradient(seen.astype(float))
    angles = np.arange(DIRECTIONS) * 2 * np.pi / DIRECTIONS
    maps = [np.clip(np.cos(angle) * right + np.sin(angle) * down, 0, None) for angle in angles]
    values = seen / 255 * np.where(np.arange(28) < 14, 1, -0.5)[:, np.newaxis]
    return {
        "input": png(seen),
        "feature_maps": {
            "layer": "first convolution",
            "shape": [DIRECTIONS, 28, 28],
            "images": [png(plane) for plane in maps],
        },
        "attribution": {"method": "a stand-in", "target": label, "values": values.round(4).tolist()},
    }


def png(values: Any) -> str:
    buffer = io.BytesIO()
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
