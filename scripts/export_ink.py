"""Exports a checkpoint of the ink network to TorchScript with its metadata, checked against the trained network."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from model.artifacts import INK_FILE, INK_METADATA_FILE
from model.locations import RELEASED, ROOT
from model.training.checkpoints import LAST
from model.training.ink.loop import load_ink_checkpoint
from release.export import source_commit
from release.ink_export import export_ink
from scripts.cli import run
from scripts.train_ink import RUN_FOLDER


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=RUN_FOLDER / LAST, help="what to export")
    parser.add_argument("--output", type=Path, default=RELEASED, help=f"folder for {INK_FILE} and {INK_METADATA_FILE}")
    options = parser.parse_args()

    metadata = export_ink(load_ink_checkpoint(options.checkpoint), options.output, commit=source_commit(ROOT))
    architecture, record = metadata["architecture"], metadata["training"]["history"][-1]
    print(f"{architecture['parameters']:,} parameters, {architecture['multiply_adds']:,} multiply-adds a look")
    print(f"step {record['step']}: validation Dice coefficient {record['validation_dice']:.4f}")
    print(options.output / INK_FILE)
    return 0


if __name__ == "__main__":
    run(main)
