"""Measures a recogniser on papers of every kind: each digit with a disturbance and without it, and empty papers.

All pictures go the whole way that served ones go. Training saw a part of the kinds; the others stand in a row of their
own. `model.evaluation.paper_page` shows the worst of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model.calibration import rejection_score
from model.data.drawn_sets import draw_all
from model.data.papers.validation import PaperItem, Row, drawer, items_of, rows, validation_digits
from model.data.parallel import OnProgress, silent
from model.evaluation.metrics import probabilities_of, wilson_interval
from model.recogniser import Recogniser

SURE = 0.9  # confidence above which a wrong answer is a grave one
EMPTY_SHARE = 1 / 3  # empty papers of a row for each of its digits
WORST = 50  # pictures kept of each row


@dataclass(frozen=True)
class PaperReadings:
    """What was read from pictures, in their order.

    Attributes:
        items: what was drawn.
        probabilities: float32 (N, C).
        is_blank: bool (N,), where no ink was found.
        threshold: of the rejection score.
    """

    items: Sequence[PaperItem]
    probabilities: Tensor
    is_blank: Tensor
    threshold: float

    @classmethod
    def of(cls, items: Sequence[PaperItem], images: Tensor, recogniser: Recogniser) -> "PaperReadings":
        """Read what the recogniser sees of them, uint8 (N, 28, 28), black where no ink was found."""
        return cls(items, probabilities_of(recogniser, images), images.amax(dim=(1, 2)) == 0, recogniser.threshold)

    @property
    def labels(self) -> Tensor:
        """True labels, int64 (N,)."""
        return torch.tensor([item.label for item in self.items])

    @property
    def read(self) -> Tensor:
        """The likeliest label of each picture, int64 (N,)."""
        return self.probabilities.argmax(dim=1)

    @property
    def is_recognised(self) -> Tensor:
        """Bool (N,)."""
        return (rejection_score(self.probabilities) >= self.threshold) & ~self.is_blank

    @property
    def is_right(self) -> Tensor:
        """Whether the label is right and the digit recognised, bool (N,)."""
        return (self.read == self.labels) & self.is_recognised

    def shares(self, chosen: Tensor | None = None) -> dict[str, Any]:
        """Shares of all pictures or of the chosen ones, bool (N,); fit for JSON."""
        chosen = torch.ones(len(self.items), dtype=torch.bool) if chosen is None else chosen
        n, right = int(chosen.sum()), int(self.is_right[chosen].sum())
        has_label = (self.read == self.labels) & ~self.is_blank
        is_surely_other = self.is_recognised & ~has_label & (self.probabilities.amax(dim=1) > SURE)
        return {
            "n": n,
            "right": right / n,
            "interval": wilson_interval(right, n),
            "label_right": float(has_label[chosen].double().mean()),
            "refused": float((~self.is_recognised[chosen]).double().mean()),
            "surely_other": float(is_surely_other[chosen].double().mean()),
        }

    def worst(self) -> list[tuple[PaperItem, str]]:
        """Up to `WORST` that are not right, the surest mistakes first, each with what was answered in words."""
        confidence = self.probabilities.amax(dim=1)
        grave = torch.where(self.is_recognised, 1 + confidence, 1 - confidence)
        wrong = torch.nonzero(~self.is_right).flatten()
        order = wrong[torch.argsort(grave[wrong], descending=True, stable=True)][:WORST].tolist()
        return [(self.items[i], self._answer(i)) for i in order]

    def _answer(self, index: int) -> str:
        if self.is_blank[index]:
            return "no ink"
        doubt = "" if self.is_recognised[index] else ", refused"
        return f"{int(self.read[index])} {float(self.probabilities[index].max()):.0%}{doubt}"


@dataclass(frozen=True)
class MeasuredRow:
    """A row of the table.

    Attributes:
        row: its name and kinds.
        plain, disturbed: the same digits without and with the disturbances.
        empty: papers of the same kinds without a digit.
    """

    row: Row
    plain: PaperReadings
    disturbed: PaperReadings
    empty: PaperReadings

    def results(self) -> dict[str, Any]:
        """What `metrics.json` keeps of it."""
        kinds: dict[str, Any] = {}
        for kind in self.row.kinds:
            chosen = torch.tensor([item.kind == kind.name for item in self.disturbed.items])
            is_empty_one = torch.tensor([item.kind == kind.name for item in self.empty.items])
            kinds[kind.name] = {
                "plain": self.plain.shares(chosen),
                "disturbed": self.disturbed.shares(chosen),
                "empty": refusals(self.empty, is_empty_one),
            }
        everything = torch.ones(len(self.empty.items), dtype=torch.bool)
        return {
            "plain": self.plain.shares(),
            "disturbed": self.disturbed.shares(),
            "empty": refusals(self.empty, everything),
            "kinds": kinds,
        }


def refusals(readings: PaperReadings, chosen: Tensor) -> dict[str, Any]:
    """How many of the chosen pictures, bool (N,), were refused."""
    n, refused = int(chosen.sum()), int((~readings.is_recognised[chosen]).sum())
    return {"n": n, "refused": refused / n, "interval": wilson_interval(refused, n)}


def measure_papers(
    recogniser: Recogniser, folder: Path, count: int, progress: OnProgress = silent
) -> dict[str, MeasuredRow]:
    """Draw and read the pictures of every row.

    Args:
        recogniser: of digits.
        folder: that holds MNIST/raw and pendigits.
        count: digits of each row; each is drawn twice, and a third as many empty papers.
        progress: called with the number of pictures just drawn.

    Raises:
        DataError: data are missing or broken.
    """
    digits = validation_digits(folder)
    draw = drawer(digits)

    chosen, items = rows(), []
    for row in chosen:
        with_digit = items_of(row, digits, max(count, len(row.kinds)), empty=False)
        empty = items_of(row, digits, max(round(count * EMPTY_SHARE), len(row.kinds)), empty=True)
        items += [[item.without() for item in with_digit], with_digit, empty]
    together = [item for part in items for item in part]
    drawn = draw_all(draw, together, [item.label for item in together], 0, progress).images
    parts = drawn.split([len(part) for part in items])
    readings = [PaperReadings.of(part, images, recogniser) for part, images in zip(items, parts, strict=True)]
    return {row.name: MeasuredRow(row, *readings[3 * i : 3 * i + 3]) for i, row in enumerate(chosen)}


def pictures_of(count: int) -> int:
    """How many pictures `measure_papers` draws of so many digits a row."""
    return sum(2 * max(count, len(row.kinds)) + max(round(count * EMPTY_SHARE), len(row.kinds)) for row in rows())
