"""What is accepted as a correction: a picture that the recogniser reads too, a label, and little else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model.artifacts import LABELS_FILE, read_labels
from model.data.corrections import MAX_POINTS, NO_DIGIT, parse_stroke
from model.locations import ROOT
from model.preprocessing.decoding import decode_picture
from model.preprocessing.digit import digit_image

ID_LENGTH = 32
LABELS = (*read_labels(ROOT / LABELS_FILE), NO_DIGIT)
"""What a picture may be said to show: a digit, or none."""


class InvalidCorrectionError(ValueError):
    """The caller's correction is none; the message is fit for the caller."""


@dataclass(frozen=True)
class Correction:
    """A picture, and what it shows according to who drew it.

    Attributes:
        picture: a file of one of the formats that the recogniser reads.
        label: one of `LABELS`.
        answer, confidence, version: what was read in it, how surely, and by which version; None where unknown.
        strokes: of a drawing, as the page has them; none for other pictures.
    """

    picture: bytes
    label: str
    answer: str | None
    confidence: float | None
    version: str | None
    strokes: Sequence[Mapping[str, Any]]

    @property
    def id(self) -> str:
        """Of picture and label: whoever sends the same again gets the same."""
        return hashlib.sha256(self.label.encode() + b"\0" + self.picture).hexdigest()[:ID_LENGTH]

    def check(self) -> None:
        """Look whether something can be learned from it.

        Raises:
            InvalidCorrectionError: label or strokes are none.
            InvalidImage: the recogniser could not read the picture either.
        """
        if self.label not in LABELS:
            raise InvalidCorrectionError(f"the label is {self.label!r}; accepted are {', '.join(LABELS)}")
        try:
            points = sum(len(parse_stroke(dict(stroke)).points) for stroke in self.strokes)
        except (ValueError, TypeError, KeyError) as error:
            reason = f"no {error}" if isinstance(error, KeyError) else error
            raise InvalidCorrectionError(f"the strokes are not those of a drawing: {reason}") from error
        if points > MAX_POINTS:
            raise InvalidCorrectionError(f"the drawing has {points:,} points; at most {MAX_POINTS:,} are accepted")
        digit_image(decode_picture(self.picture))
