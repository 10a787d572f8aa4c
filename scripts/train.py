"""Trains a network on MNIST, pen strokes and pictures of no digit; leaves checkpoints, a history, a TensorBoard log."""

import argparse
from pathlib import Path

import torch
from tqdm import tqdm

from model.artifacts import sha256_of
from model.locations import RUN_FOLDER
from model.training.checkpoints import LAST, load_checkpoint, network_of
from model.training.configuration import TrainingConfig
from model.training.devices import DEVICES, PRECISIONS, choose_device, choose_precision
from model.training.loop import Progress
from model.training.optimisation import LEARNING_RATES
from model.training.session import Observers, train_from_data
from scripts.cli import add_data_option, add_dataclass_options, dataclass_values, run
from serving.console import say

EPILOG = """Each epoch replaces last.pt, best.pt and history.json in the run folder. Ctrl-C loses at most that epoch:
--resume goes on. `make dashboard` shows the TensorBoard log, `make export` releases best.pt. Several processes:
torchrun --nproc-per-node=2 scripts/train.py ..."""
EPOCH_LINE = """epoch {epoch}: loss {training_loss:.4f}, validation loss {validation_loss:.4f}, \
accuracy {validation_accuracy:.2%}, {seconds:.1f} s"""


def main() -> int:
    parser = build_parser()
    options = parser.parse_args()
    torch.set_num_threads(options.threads or torch.get_num_threads())
    device = choose_device(options.device)
    try:
        config = configure(options, device)
    except ValueError as error:
        parser.error(str(error))
    if (options.run_folder / LAST).exists() and not options.resume:
        parser.error(f"{options.run_folder} holds a training; go on with --resume, or name another --run-folder")
    with (
        tqdm(desc="drawing", unit=" pictures", unit_scale=True, disable=None, leave=False) as drawing,
        tqdm(desc="training", unit=" epochs", total=config.epochs, disable=None, delay=1) as bar,
    ):

        def started(training: int, validation: int, processes: int) -> None:
            drawing.close()
            where = f"{device.type}, {config.precision}, {processes} process{'es' * (processes > 1)}"
            say(f"training {config.network} on {training:,} pictures, validated on {validation:,}; {where}")

        def progressed(progress: Progress) -> None:
            bar.set_postfix_str(f"loss {progress.loss:.4f}", refresh=False)
            bar.update(progress.epoch - 1 + progress.share - bar.n)

        best = train_from_data(
            options.data,
            config,
            options.run_folder,
            corrections=options.corrections,
            resume=options.resume,
            device=device,
            teacher=network_of(load_checkpoint(options.teacher)) if options.teacher else None,
            observers=Observers(drawing.update, started, progressed, lambda record: say(EPOCH_LINE.format(**record))),
        )
    if best:
        print(best)
    return 0


def build_parser() -> argparse.ArgumentParser:
    """The options: those of `TrainingConfig`, and what decides no weights."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    add_data_option(parser)
    add = parser.add_argument
    add("--run-folder", type=Path, default=RUN_FOLDER, help="where the checkpoints go")
    add("--resume", action="store_true", help=f"go on from the run folder's {LAST}")
    add("--corrections", type=Path, nargs="*", default=[], help="zip files that the page exported, to learn from too")
    add("--no-pen", action="store_true", help="train without pen strokes, as --pen-variants 0 does")
    add("--teacher", type=Path, help="checkpoint of a network to learn from, beside the labels")
    rates = ", ".join(f"{rate:g} for {name}" for name, rate in LEARNING_RATES.items())
    add("--learning-rate", type=float, default=None, help=f"its peak (default: {rates})")
    add("--device", choices=DEVICES, default="auto", help="auto: a GPU where there is one")
    add("--precision", choices=PRECISIONS, default="auto", help="auto: bfloat16 where the device computes it")
    add("--threads", type=int, default=0, help="CPU threads; 0: as torch chooses")
    add_dataclass_options(parser, TrainingConfig)
    return parser


def configure(options: argparse.Namespace, device: torch.device) -> TrainingConfig:
    """The configuration that the command line asks for; `ValueError` says what is not accepted."""
    return TrainingConfig(
        **dataclass_values(options, TrainingConfig) | ({"pen_variants": 0} if options.no_pen else {}),
        learning_rate=LEARNING_RATES[options.optimiser] if options.learning_rate is None else options.learning_rate,
        precision=choose_precision(options.precision, device),
        teacher=sha256_of(options.teacher) if options.teacher else "",
    )


if __name__ == "__main__":
    run(main)
