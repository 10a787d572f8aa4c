"""TorchServe's three HTTP APIs as Starlette applications: inference, the state of management, and metrics.

They answer at TorchServe's paths with its objects. What it lets a client change over HTTP (workers, default versions)
is not here.
"""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

import psutil
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model.artifacts import MODEL_NAME
from serving.error_objects import error_response
from serving.settings import CORS_KEY, max_request_bytes
from serving.starlette_engine.archive import ServedArchive
from serving.starlette_engine.metrics import Registry
from serving.starlette_engine.workers import QueueFullError, WorkerDiedError, Workers

METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
"""The handler says what is wrong with a request without a body, whatever its method."""

EVERY_VERSION = "all"
"""In the place of a version, in the paths of TorchServe's management."""

MARKS = {"describe", "explain", "url_path", "ts_stream_next"}
"""Headers by which a server tells the handler what is asked; a client's own are dropped."""


class Inference:
    """Answers at TorchServe's port for predictions.

    Args:
        served, workers, metrics: of the model.
        properties: of config.properties.
    """

    def __init__(self, served: ServedArchive, workers: Workers, metrics: Registry, properties: dict[str, str]) -> None:
        self._served, self._workers, self._metrics = served, workers, metrics
        self._max_body_bytes = max_request_bytes(properties)
        self._properties = properties

    def application(self) -> Starlette:
        """The ASGI application."""

        def listed(key: str) -> list[str]:
            return [part.strip() for part in self._properties.get(key, "").split(",")]

        cors = Middleware(
            CORSMiddleware,
            allow_origins=listed(CORS_KEY),
            allow_methods=listed("cors_allowed_methods"),
            allow_headers=listed("cors_allowed_headers"),
        )
        return Starlette(
            routes=[
                Route("/ping", self._ping),
                *(
                    Route(f"/{verb}s/{{model}}{rest}", self._at_torchserves_path(explains), methods=METHODS)
                    for verb, explains in (("prediction", False), ("explanation", True))
                    for rest in ("", "/{version}", "/{version}/{rest:path}")
                ),
                *(
                    Route(path, self._at_torchserves_path(explains), methods=METHODS)
                    for verb, explains in (("predict", False), ("infer", False), ("explain", True))
                    for path in (
                        f"/v1/models/{{model}}:{verb}",
                        f"/v2/models/{{model}}/{verb}",
                        f"/v2/models/{{model}}/versions/{{version}}/{verb}",
                    )
                ),
                *(Route(path, self._state, methods=METHODS) for path in ("/v1/{rest:path}", "/v2", "/v2/{rest:path}")),
            ],
            middleware=[Middleware(Counted, metrics=self._metrics), cors],
            exception_handlers={404: _not_found, 405: _not_allowed, 500: _failed},
        )

    async def _ping(self, _request: Request) -> Response:
        if self._workers.connected:
            return JSONResponse({"status": "Healthy"})
        return JSONResponse({"status": "Unhealthy"}, HTTPStatus.INTERNAL_SERVER_ERROR)

    def _at_torchserves_path(self, explains: bool) -> Any:
        async def answer(request: Request) -> Response:
            model, version = request.path_params["model"], request.path_params.get("version", self._served.version)
            if model != MODEL_NAME:
                return error_response(HTTPStatus.NOT_FOUND, "ModelNotFoundException", f"Model not found: {model[:40]}")
            # What follows a version is a gateway's question about the server, whichever version it routes by just now.
            if version != self._served.version and "rest" not in request.path_params:
                message = f"Model version: {version[:40]} does not exist for model: {model}"
                return error_response(HTTPStatus.NOT_FOUND, "ModelVersionNotFoundException", message)
            return await self._ask(request, explains, request.path_params.get("rest", ""))

        return answer

    async def _state(self, request: Request) -> Response:
        """What KServe's protocols ask about the server: the handler answers by the path."""
        return await self._ask(request, explains=False, path=request.url.path.lstrip("/"))

    async def _ask(self, request: Request, explains: bool, path: str) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._max_body_bytes:
                message = f"the body has more than {self._max_body_bytes:,} bytes, no more are accepted"
                return error_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "PayloadTooLarge", message)
        request_id = str(uuid.uuid4())
        headers = {name: value for name, value in request.headers.items() if name not in MARKS}
        headers |= {"explain": str(explains)} | ({"url_path": path} if path else {})
        fields = {name: value.encode() for name, value in request.query_params.items()} | {"body": bytes(body)}
        self._metrics.count_asked()
        try:
            answer = await self._workers.ask((fields, headers, request_id))
        except QueueFullError:
            message = f"{self._served.queue_size} requests wait already, no more are taken: ask again a little later"
            return error_response(HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailableException", message)
        except WorkerDiedError:
            message = "the workers died with the request in their hands, or took too long: ask again"
            return error_response(HTTPStatus.INSUFFICIENT_STORAGE, "InternalServerException", message)
        status, _, content_type, further, content = answer
        return Response(content, status, {"X-Request-Id": request_id, **further}, content_type)


class Management:
    """Answers at TorchServe's port for management: the model's state and description, nothing to change."""

    def __init__(self, served: ServedArchive, workers: Workers) -> None:
        self._served, self._workers = served, workers

    def application(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/models", self._models),
            Route("/models/{model}", self._describe),
            Route("/models/{model}/{version}", self._describe),
        ]
        return Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_allowed, 500: _failed})

    async def _models(self, _request: Request) -> Response:
        return JSONResponse({"models": [{"modelName": MODEL_NAME, "modelUrl": f"{MODEL_NAME}.mar"}]})

    async def _describe(self, request: Request) -> Response:
        model, version = request.path_params["model"], request.path_params.get("version", EVERY_VERSION)
        if model != MODEL_NAME or version not in (EVERY_VERSION, self._served.version):
            return error_response(HTTPStatus.NOT_FOUND, "ModelNotFoundException", f"Model not found: {model[:40]}")
        served, pending = self._served, self._workers.pending
        state = {
            "modelName": MODEL_NAME,
            "modelVersion": served.version,
            "modelUrl": f"{MODEL_NAME}.mar",
            "runtime": "python",
            "minWorkers": served.workers,
            "maxWorkers": served.workers,
            "batchSize": served.batch_size,
            "maxBatchDelay": 0,
            "responseTimeout": served.response_timeout_s,
            "loadedAtStartup": True,
            "workers": [
                {
                    "id": str(worker.number),
                    "startTime": worker.connected_at.isoformat(),
                    "status": "READY",
                    "memoryUsage": _resident_bytes(worker.pid),
                    "pid": worker.pid,
                    "gpu": False,
                }
                for worker in self._workers.connected.values()
            ],
            "jobQueueStatus": {"remainingCapacity": served.queue_size - pending, "pendingRequests": pending},
        }
        if request.query_params.get("customized") == "true":
            state["customizedMetadata"] = served.description
        return JSONResponse([state])


def _resident_bytes(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:  # it has just ended
        return 0


def metrics_application(metrics: Registry) -> Starlette:
    """Answers at TorchServe's port for metrics."""

    async def text(_request: Request) -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return Starlette(routes=[Route("/metrics", text)], exception_handlers={404: _not_found, 405: _not_allowed})


class Counted:
    """Middleware that counts answers by their status."""

    def __init__(self, app: ASGIApp, metrics: Registry) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.count_answer(message["status"])
            await send(message)

        await self._app(scope, receive, send_counted)


def _not_found(_request: Request, _error: Exception) -> Response:
    message = "Requested resource is not found, please refer to API document."
    return error_response(HTTPStatus.NOT_FOUND, "ResourceNotFoundException", message)


def _not_allowed(request: Request, _error: Exception) -> Response:
    message = "Requested method is not allowed, please refer to API document."
    return error_response(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowedException", message)


def _failed(_request: Request, _error: Exception) -> Response:
    message = "the request could not be processed"
    return error_response(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalServerException", message)
