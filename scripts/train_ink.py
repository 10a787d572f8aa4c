"""Trains the network that finds the digit's ink on any paper; leaves a checkpoint and a history in the run folder."""

import argparse
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from model.artifacts import sha256_of
from model.data.papers.writers import handwriting, handwriting_hashes
from model.locations import ROOT
from model.training.checkpoints import LAST
from model.training.devices import PRECISIONS, choose_precision
from model.training.ink.loop import InkConfig, train_ink
from scripts.cli import add_data_option, run
from serving.console import say

RUN_FOLDER = ROOT / "runs" / "ink"
LINE = "step {step}: loss {training_loss:.4f}, validation Dice coefficient {validation_dice:.4f}, {seconds:.0f} s"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Ctrl-C loses the steps since the last checkpoint: --resume goes on. scripts/export_ink.py releases it.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_data_option(parser)
    default = InkConfig()
    parser.add_argument("--run-folder", type=Path, default=RUN_FOLDER, help="where the checkpoint goes")
    parser.add_argument("--resume", action="store_true", help=f"go on from the run folder's {LAST}")
    parser.add_argument("--initial", type=Path, help="whose weights to start from: a checkpoint, or a released ink.pt")
    parser.add_argument("--steps", type=int, default=default.steps, help="batches to learn from")
    parser.add_argument("--batch-size", type=int, default=default.batch_size, help="scenes in a batch")
    parser.add_argument("--learning-rate", type=float, default=default.learning_rate, help="its peak")
    parser.add_argument("--seed", type=int, default=default.seed, help="same seed, same machine: same weights")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto", help="auto: bfloat16 where it is native")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads; one more process draws the scenes")
    options = parser.parse_args()
    if (options.run_folder / LAST).exists() and not options.resume:
        parser.error(
            f"{options.run_folder} holds a training; continue it with --resume, or choose another --run-folder"
        )

    torch.set_num_threads(options.threads)
    config = InkConfig(
        steps=options.steps,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        precision=choose_precision(options.precision, torch.device("cpu")),
        initial=sha256_of(options.initial) if options.initial else "",
        seed=options.seed,
    )
    learned, validated = handwriting(options.data)
    last = train_ink(
        config,
        learned,
        validated,
        options.run_folder,
        resume=options.resume,
        initial=options.initial,
        data_hashes=handwriting_hashes(options.data),
        on_record=lambda record: say(LINE.format(**record)),
    )
    print(last)
    return 0


if __name__ == "__main__":
    run(main)
