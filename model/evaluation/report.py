"""Writes what was measured as one HTML page that needs nothing beside it, and every number as `metrics.json`.

All numbers come from one dictionary, the very one that `metrics.json` holds; the page adds plots, pictures and words.
"""

import platform
import shlex
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from model.artifacts import read_json, write_atomically, write_json
from model.data.digits import Digits
from model.evaluation import plots
from model.evaluation.example_pictures import ExamplePicture, data_url
from model.evaluation.metrics import BINS
from model.preprocessing.images import GreyImage

FORMAT = 1  # version of the layout of metrics.json
METRICS_FILE, REPORT_FILE = "metrics.json", "report.html"
REPORTED = "MNIST test"  # the set whose matrix and classes are shown first
PACKAGES = ("torch", "torchvision", "numpy", "opencv-python-headless", "pillow", "scikit-learn", "matplotlib")


@dataclass(frozen=True)
class Gallery:
    """The report's pictures.

    Attributes:
        sets: the digits that were measured, as the network sees them: the mistakes are shown from here.
        examples: pictures as they are sent, by the name of their set.
        corrupted: one picture under each corruption, at every severity.
        augmented: rows of a digit, uint8 (28, 28), and its variants.
    """

    sets: Mapping[str, Digits]
    examples: Mapping[str, Sequence[ExamplePicture]]
    corrupted: Mapping[str, Sequence[ExamplePicture]]
    augmented: Sequence[Sequence[GreyImage]]


def write_report(folder: Path, results: Mapping[str, Any], gallery: Gallery) -> None:
    """Write the page and the numbers to `folder`, each of them whole or not at all."""
    page = render(results, gallery)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / METRICS_FILE, results)
    write_atomically(folder / REPORT_FILE, lambda temporary: temporary.write_text(page, encoding="utf-8"))


def render(results: Mapping[str, Any], gallery: Gallery) -> str:
    """The page: well-formed as XML too, without scripts, fonts or pictures from elsewhere."""
    template = environment().get_template("report.html")
    return template.render({**results, "gallery": gallery, "plots": plots, "bins": BINS, "reported": REPORTED})


def environment() -> Environment:
    """The templates, with the filters that they use."""
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "percent": percent,
        "number": lambda value: f"{value:,}",
        "svg_url": lambda svg: "data:image/svg+xml;base64," + b64encode(svg.encode()).decode("ascii"),
        "data_url": data_url,
    }
    return templates


def percent(share: float, digits: int = 2) -> str:
    """A share as the report writes it."""
    return f"{share:.{digits}%}"


def training_history(metadata: Mapping[str, Any], run_folder: Path) -> dict[str, Any]:
    """The records of the released network's epochs, from its metadata or else from the folder of its training.

    Returns:
        `epochs` and the `best_epoch`, or `missing`, which says in words why there are none.

    Raises:
        ArtifactError: the history is broken.
    """
    training = metadata["training"]
    if metadata.get("history"):
        return {"epochs": metadata["history"], "best_epoch": training.get("best_epoch")}
    path = run_folder / "history.json"
    if not path.exists():
        return {"missing": f"The metadata keeps no history, and there is no {path.name} in the run folder."}
    found = read_json(path)
    if found.get("config") != training["config"]:
        return {"missing": f"The run folder's {path.name} is of another training than the released network's."}
    return {"epochs": found["epochs"], "best_epoch": training.get("best_epoch")}


def provenance(command: Sequence[str], commit: str) -> dict[str, Any]:
    """When and how the report was made."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": shlex.join(command),
        "commit": commit,
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Of Python and of the packages that decide the numbers and the plots."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
