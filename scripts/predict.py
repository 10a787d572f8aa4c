"""Reads the digits on pictures, without a server."""

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from model.artifacts import METADATA_FILE, MODEL_FILE, write_atomically
from model.errors import InvalidImage, OperatorError
from model.locations import RELEASED
from model.preprocessing.decoding import decode_picture
from model.preprocessing.digit import Digit, find_digit
from model.recogniser import Reading, Recogniser
from release.archive import labels_of
from scripts.cli import fail, run


@dataclass(frozen=True)
class Answer:
    """One picture, what was taken for its digit, and what the network read."""

    path: Path
    picture: Image.Image
    digit: Digit
    reading: Reading


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("images", metavar="IMAGE", type=Path, nargs="+", help="PNG, JPEG, WebP, BMP, GIF or TIFF")
    parser.add_argument(
        "--model", type=Path, default=RELEASED / MODEL_FILE, help=f"TorchScript, with its {METADATA_FILE} beside it"
    )
    parser.add_argument("--top-k", type=int, default=3, metavar="K", help="how many guesses to show")
    parser.add_argument("--save-plot", type=Path, metavar="FILE", help="draw pictures and answers to this PNG")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line, with all probabilities")
    options = parser.parse_args()
    recogniser = Recogniser.load(options.model, options.model.with_suffix(".json"), labels_of(options.model.parent))
    if not 1 <= options.top_k <= len(recogniser.labels):
        parser.error(f"--top-k is {options.top_k}; 1 to {len(recogniser.labels)} are accepted")
    answers, status = [], 0
    for path in options.images:
        try:
            answer = read_file(recogniser, path)
        except (InvalidImage, OSError) as error:
            status = fail(f"{path}: {getattr(error, 'strerror', None) or error}")
            continue
        answers.append(answer)
        words = f"{path}: {describe(answer.reading, options.top_k)}"
        result = {"image": str(path), **asdict(answer.reading), "ink": answer.digit.box}
        print(json.dumps(result) if options.json else words)
    if options.save_plot and answers:
        save_plot(answers, options.save_plot)
        print(f"plot written to {options.save_plot}", file=sys.stderr)
    return status


def read_file(recogniser: Recogniser, path: Path) -> Answer:
    """Read one file; `InvalidImage` and `OSError` tell what is wrong with it."""
    picture = decode_picture(path.read_bytes())
    digit = find_digit(picture)
    return Answer(path, picture, digit, recogniser.read(digit.image[np.newaxis])[0])


def describe(reading: Reading, top_k: int) -> str:
    """The likeliest guesses in words."""
    doubt = "not a digit" if all(map(str.isdigit, reading.probabilities)) else "none of its classes"
    guesses = ", ".join(f"{label} {share:.1%}" for label, share in list(reading.probabilities.items())[:top_k])
    return guesses if reading.recognised else f"{guesses} (probably {doubt})"


def save_plot(answers: list[Answer], path: Path) -> None:
    """Draw each picture, what the network saw of it and its probabilities, in one row."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise OperatorError("--save-plot needs matplotlib; `make check` installs what development needs") from error
    figure = Figure(figsize=(8, 2.4 * len(answers)), layout="constrained")
    for (left, middle, right), answer in zip(figure.subplots(len(answers), 3, squeeze=False), answers, strict=True):
        left.imshow(answer.picture.convert("RGBA"))
        left.set_title(answer.path.name, fontsize=9)
        middle.imshow(answer.digit.image, cmap="gray_r", vmin=0, vmax=255)
        middle.set_title("what the network sees", fontsize=9)
        labels = sorted(answer.reading.probabilities)
        right.bar(labels, [answer.reading.probabilities[label] for label in labels], color="tab:orange")
        right.set(ylim=(0, 1), title=describe(answer.reading, 1))
        for axes in (left, middle):
            axes.set_axis_off()
    write_atomically(path, lambda temporary: figure.savefig(temporary, dpi=120, format="png"))


if __name__ == "__main__":
    run(main)
