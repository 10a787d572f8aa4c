"""What a request that failed is answered: an error object in the shape of TorchServe's own, with an HTTP status.

The words come from whoever raises; `describe_error` adds the status and the type.
"""

import json
import traceback
from dataclasses import dataclass
from typing import Any

from handler.protocols.query import BadRequest, UnknownResource
from model.errors import ImageTooLarge, NoInk, UnsupportedImage


@dataclass(frozen=True)
class Status:
    """An HTTP status with the phrase that TorchServe's error objects call its type; ASCII, or the socket breaks."""

    code: int
    phrase: str


OK = Status(200, "OK")

_STATUS_OF: dict[type[Exception], Status] = {
    BadRequest: Status(400, "BadRequest"),
    UnknownResource: Status(404, "ResourceNotFoundException"),
    ImageTooLarge: Status(413, "PayloadTooLarge"),
    UnsupportedImage: Status(415, "UnsupportedMediaType"),
    NoInk: Status(422, "UnprocessableEntity"),
}
_UNEXPECTED = Status(500, "InternalServerError")


@dataclass(frozen=True)
class Failure:
    """What is answered and logged of a request that failed; its exception would keep the whole batch in memory.

    Attributes:
        status: the HTTP status.
        message: what the client is told.
        traceback: of an unforeseen error, for the log; empty for a foreseen one.
    """

    status: Status
    message: str
    traceback: str

    @property
    def error(self) -> dict[str, Any]:
        """The error object, in the shape of TorchServe's own."""
        return {"code": self.status.code, "type": self.status.phrase, "message": self.message}

    def body(self, is_open_inference: bool = False) -> str:
        """The error as JSON; `is_open_inference` writes it as the Open Inference Protocol has it."""
        return json.dumps({"error": self.message} if is_open_inference else self.error)


def describe_error(error: Exception) -> Failure:
    """The answer to a request that failed; an unforeseen error tells the client nothing."""
    status = _STATUS_OF.get(type(error), _UNEXPECTED)
    if status is _UNEXPECTED:
        return Failure(status, "the picture could not be processed", "".join(traceback.format_exception(error)))
    return Failure(status, str(error), traceback="")
