"""Errors in TorchServe's own shape, from what stands before or in place of it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse


def error_response(
    status: HTTPStatus, kind: str, message: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """An error object as a response."""
    return JSONResponse({"code": status.value, "type": kind, "message": message}, status.value, headers)
