"""What the service takes and gives, as JSON."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, Field

from learner.accepted import Correction
from learner.corrections import Kept
from learner.jobs.queue import Job

MAX_SENT = 200


class Strict(BaseModel):
    """A body whose members are all known."""

    model_config = ConfigDict(extra="forbid")


class SentCorrection(Strict):
    """A picture, and what it shows."""

    image: str = Field(description="the picture, base64 or a data: URL; a format that the recogniser reads")
    label: str = Field(description='what it shows: a digit, or "none"', examples=["4"])
    answer: str | None = Field(default=None, max_length=40, description="what was read in it")
    confidence: float | None = Field(default=None, ge=0, le=1, description="how surely")
    version: str | None = Field(default=None, max_length=40, description="by which version")
    strokes: list[dict[str, Any]] = Field(
        default=[], max_length=10_000, description="of a drawing, as the page exports them"
    )

    def correction(self) -> Correction:
        """It, decoded.

        Raises:
            HTTPException: the picture is not base64.
        """
        head, comma, tail = self.image.partition(",")
        data = tail if comma and head.startswith("data:") else self.image
        try:
            picture = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError) as error:
            raise HTTPException(400, f"`image` is not base64: {error}") from error
        return Correction(picture, self.label, self.answer, self.confidence, self.version, self.strokes)


class Ids(BaseModel):
    """Ids of corrections, in the order in which they were sent."""

    ids: list[str]


class ListedCorrections(BaseModel):
    """The newest corrections; `count` are kept in all."""

    count: int
    corrections: Sequence[Kept]


class Erased(BaseModel):
    """How many corrections were erased."""

    erased: int


class Retrain(Strict):
    """What to teach."""

    promote: bool | None = Field(
        default=None, description="serve what passes the gate at once; by default on loopback alone"
    )
    full: bool = Field(default=False, description="train a network anew, corrections included; else teach the champion")


class Asked(BaseModel):
    """The job that will do it."""

    job: int


class ShownJob(BaseModel):
    """One teaching."""

    job: int
    state: str
    progress: float = Field(ge=0, le=1)
    words: str
    by: str
    full: bool
    promote: bool
    asked: datetime
    ended: datetime | None
    attempt: int
    verdict: Mapping[str, Any]
    version: str | None

    @classmethod
    def of(cls, job: Job) -> ShownJob:
        """A job of the queue."""
        return cls(
            job=job.number, state=job.state, progress=job.progress, words=job.words, by=job.by, full=job.is_full,
            promote=job.promotes, asked=job.asked, ended=job.ended, attempt=job.attempt, verdict=job.verdict,
            version=job.version,
        )  # fmt: skip


class Promotion(Strict):
    """The version that is to serve."""

    version: str


class ErrorObject(BaseModel):
    """An error, in the shape of TorchServe's."""

    code: int
    type: str
    message: str
