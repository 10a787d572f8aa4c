"""The service as an application: its routes, and its errors in the shape of the recogniser's."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse, Response

from learner.corrections import TooManyError
from learner.service import corrections_routes, jobs_routes, versions_routes
from learner.service.guards import Doors, Guard, Keys, needed
from learner.service.metrics import LearnerCollector
from learner.service.parts import Parts
from learner.service.schemas import ErrorObject
from model.errors import ImageTooLarge, InvalidImage, OperatorError, UnsupportedImage
from serving.error_objects import error_response

DESCRIPTION = """\
Corrections of what the recogniser misread, taught to it while it serves. Each call carries a key, as
`Authorization: Bearer KEY`, with the scope that it needs: `correct`, `teach` or `admin`."""

RETRY_AFTER_S = 2
"""When to ask again where the database does not answer."""

_STATUSES = (400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503)
_ERROR_CONTENT = {"application/json": {"schema": ErrorObject.model_json_schema()}}  # of streams and zip files too
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"description": HTTPStatus(status).phrase, "content": _ERROR_CONTENT} for status in _STATUSES
}


def application(parts: Parts, doors: Doors, keys: Keys, note: Callable[[str], None]) -> FastAPI:
    """The service.

    Args:
        parts: what its routes share.
        doors: from where it may be asked.
        keys: of who may ask.
        note: called with what an operator wants to know.
    """
    app = FastAPI(
        title="Learner",
        version="1",
        description=DESCRIPTION,
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        responses=_ERRORS,
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=list(doors.origins),
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=["Authorization", "Content-Type"],
                max_age=600,
            ),
            Middleware(Guard, doors=doors, keys=keys),
        ],
    )
    for module in (corrections_routes, jobs_routes, versions_routes):
        app.include_router(module.routes(parts))

    @app.get("/health/ready", tags=["operations"])
    def ready() -> dict[str, bool]:
        """Whether the database answers; needs no key."""
        parts.corrections.count()
        return {"ready": True}

    figures = CollectorRegistry()
    figures.register(LearnerCollector(parts))

    @app.get("/metrics", tags=["operations"], dependencies=[Depends(needed("teach"))], response_class=PlainTextResponse)
    def metrics() -> Response:
        """Figures for Prometheus."""
        return Response(generate_latest(figures), media_type=CONTENT_TYPE_LATEST)

    def operator_error(request: Request, error: Exception) -> JSONResponse:
        note(str(error))
        words = "the database does not answer now; nothing was changed, ask again"
        return _error(503, words, {"Retry-After": str(RETRY_AFTER_S)})

    def failed(request: Request, error: Exception) -> JSONResponse:
        note(f"{request.method} {request.url.path}: {type(error).__name__}: {error}")
        return _error(500, "the learner failed; its operator finds more in its log")

    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(InvalidImage, _no_picture)
    app.add_exception_handler(TooManyError, _too_many)
    app.add_exception_handler(OperatorError, operator_error)
    app.add_exception_handler(Exception, failed)
    return app


def _error(code: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    status = HTTPStatus(code)
    return error_response(status, status.phrase.title().replace(" ", "").replace("-", ""), message, headers)


def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    words = str(error.detail)
    if words == HTTPStatus(error.status_code).phrase:  # Starlette's own, of a path or method that no route has
        words = f"{request.method} {request.url.path} is not known; GET /openapi.json tells what is"
    return _error(error.status_code, words, dict(error.headers or {}))


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return _error(400 if first["type"] == "json_invalid" else 422, f"{where}: {first['msg']}")


def _no_picture(request: Request, error: Exception) -> JSONResponse:
    statuses: dict[type[Exception], int] = {ImageTooLarge: 413, UnsupportedImage: 415}
    return _error(statuses.get(type(error), 422), str(error))


def _too_many(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TooManyError)  # noqa: S101
    if error.retry_after_s is None:
        return _error(507, str(error))
    return _error(429, str(error), {"Retry-After": str(error.retry_after_s)})
