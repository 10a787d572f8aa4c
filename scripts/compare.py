"""Compares trained networks: each is exported, packed and read as a release would be, then measured on every set."""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from tqdm import tqdm

from model.artifacts import read_json, write_json
from model.data.digits import Digits
from model.data.evaluation_sets import nondigit_sets, test_sets, validation_sets, what_is_missing
from model.errors import ArtifactError
from model.evaluation.speed import measure_speed
from model.locations import RELEASED, ROOT
from model.training.checkpoints import load_checkpoint
from release.archive import build_archive
from release.export import export
from release.open_archive import open_model
from scripts.cli import add_data_option, run
from serving.console import say

COMPARISON_FILE = "networks.json"
BATCH = "forward pass, batch of 32"  # as `model.evaluation.speed` calls it


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add_data_option(parser)
    parser.add_argument("runs", type=Path, nargs="*", help="run folders (default: each in runs/ that holds a best.pt)")
    parser.add_argument("--output", type=Path, default=RELEASED / COMPARISON_FILE, help="where all numbers go")
    options = parser.parse_args()
    runs = options.runs or sorted(path.parent for path in (ROOT / "runs").glob("*/best.pt"))
    if not runs:
        raise ArtifactError("no run folder holds a best.pt; train one with `make train`")

    with tqdm(desc="drawing", unit=" pictures", unit_scale=True) as bar:
        validation, nondigits = validation_sets(options.data, bar.update), nondigit_sets(bar.update)
        tests = test_sets(options.data, bar.update)
    for line in what_is_missing():
        say(line)
    compared = {}
    for folder in tqdm(runs, desc="measuring", unit=" networks"):
        compared[folder.name] = measured(folder, validation, tests, nondigits)
    write_json(options.output, compared)
    print(comparison_table(compared))
    return 0


def measured(
    folder: Path, validation: Mapping[str, Digits], tests: Mapping[str, Digits], nondigits: Mapping[str, Digits]
) -> dict[str, Any]:
    """What the comparison keeps of the network in a run folder."""
    checkpoint = load_checkpoint(folder / "best.pt")
    history = read_json(folder / "history.json")["epochs"]
    with tempfile.TemporaryDirectory(prefix="mnist-compare-") as work:
        metadata = export(checkpoint, validation, tests, nondigits, Path(work))
        archive = build_archive(Path(work) / "mnist.mar", Path(work))
        speed = measure_speed(
            lambda: open_model(archive)[0], Image.fromarray(next(iter(tests.values())).images[0].numpy())
        )
    return {
        "network": metadata["architecture"]["network"],
        "parameters": metadata["architecture"]["parameters"],
        "bytes": metadata["torchscript"]["bytes"],
        "has_teacher": bool(checkpoint["config"]["teacher"]),
        "epochs": len(history),
        "training_seconds": round(sum(record["seconds"] for record in history)),
        "accuracy": {name: one["accuracy"] for name, one in metadata["metrics"].items()},
        "refused_nondigits": metadata["refused_nondigits"],
        "forward_ms": speed["a_picture"][BATCH]["median_ms"],
        "machine": speed["machine"],
    }


def comparison_table(compared: Mapping[str, Mapping[str, Any]]) -> str:
    """The networks as rows of a Markdown table, smallest first."""
    first = next(iter(compared.values()))
    heads = ["network", "parameters", "ms a picture", "epochs", *first["accuracy"]]
    heads += [f"refused: {name}" for name in first["refused_nondigits"]]
    rows = [_row(heads), _row(["---"] * len(heads))]
    for name, one in sorted(compared.items(), key=lambda item: int(item[1]["parameters"])):
        called = f"`{one['network']}`" + ("" if one["network"] == name else f", {name.replace('_', ' ')}")
        shares = [*one["accuracy"].values(), *one["refused_nondigits"].values()]
        facts = [called, f"{one['parameters']:,}", f"{one['forward_ms']:.3f}", str(one["epochs"])]
        rows.append(_row([*facts, *(f"{share:.2%}" for share in shares)]))
    return "\n".join(rows)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    run(main)
