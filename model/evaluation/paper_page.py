"""The page of the papers: the table of kinds, the worst pictures with what was taken for ink, a sheet of every kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.random import default_rng
from PIL import Image

from model.artifacts import write_atomically
from model.data.digits import NOT_A_DIGIT
from model.data.papers.kinds import KINDS
from model.data.papers.validation import PaperItem, drawer, validation_digits
from model.errors import NoInk
from model.evaluation.papers import MeasuredRow
from model.evaluation.report import environment
from model.preprocessing.images import GreyImage
from model.preprocessing.ink import locate_ink

PAGE_FILE = "papers.html"
SHOWN = 5  # pictures of each kind on the contact sheet, the last without a digit
INK_COLOUR = np.array((214, 39, 40), np.float32)


@dataclass(frozen=True)
class Tile:
    """A picture on the page and its caption."""

    picture: Image.Image
    caption: str


def write_paper_page(folder: Path, measured: Mapping[str, MeasuredRow], made: Mapping[str, Any], data: Path) -> None:
    """Write `papers.html` to `folder`, whole or not at all; the pictures are drawn again from `data`."""
    digits = validation_digits(data)
    draw, unused = drawer(digits), default_rng()
    worst = {
        name: [worst_tile(draw(item, unused), item, answer) for item, answer in one.disturbed.worst()]
        for name, one in measured.items()
    }
    sheet = {
        kind.name: [
            Tile(draw(PaperItem(kind.name, kind.family, *chosen(digits, i), i), unused), "") for i in range(SHOWN)
        ]
        for kind in KINDS.values()
    }
    results = {name: one.results() for name, one in measured.items()}
    template = environment().get_template("papers.html")
    page = template.render(rows=results, kinds=KINDS, worst=worst, sheet=sheet, made=made)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / PAGE_FILE, lambda temporary: temporary.write_text(page, encoding="utf-8"))


def chosen(digits: Sequence[tuple[Any, int]], number: int) -> tuple[Any, int]:
    """The digit of a picture on the contact sheet; the last picture of a kind has none."""
    source, label = digits[number]
    return source, NOT_A_DIGIT if number == SHOWN - 1 else label


def worst_tile(picture: Image.Image, item: PaperItem, answer: str) -> Tile:
    """A picture with what was taken for ink in colour, beside the picture as it was sent."""
    grey = np.asarray(picture.convert("L"))
    marked = np.repeat(grey[..., np.newaxis], 3, axis=2).astype(np.float32)
    ink = ink_in_place(picture)[..., np.newaxis].astype(np.float32) / 255
    marked += ink * (INK_COLOUR - marked)
    pair = np.hstack((np.repeat(grey[..., np.newaxis], 3, axis=2), marked.astype(np.uint8)))
    return Tile(Image.fromarray(pair), f"{item.kind}: {item.label} read as {answer}")


def ink_in_place(picture: Image.Image) -> GreyImage:
    """What is taken for the digit's ink, uint8 (H, W), in the pixels of the picture; none where none is found."""
    placed = np.zeros((picture.height, picture.width), np.uint8)
    try:
        ink = locate_ink(picture)
    except NoInk:
        return placed
    height, width = (max(1, round(length * ink.scale)) for length in ink.image.shape)
    large = cv2.resize(ink.image, (width, height), interpolation=cv2.INTER_LINEAR)
    part = placed[round(ink.top) :, round(ink.left) :]
    rows, columns = min(part.shape[0], height), min(part.shape[1], width)
    part[:rows, :columns] = large[:rows, :columns]
    return placed
