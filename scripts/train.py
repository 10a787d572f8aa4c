"""Trains a network on MNIST, pen strokes and pictures of no digit, and leaves checkpoints, a history and a log."""

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import nn
from tqdm import tqdm

from model.artifacts import sha256_of, write_atomically
from model.data.corrections import read_corrections
from model.data.digits import PEN_FILE, Digits, as_seen, load_mnist, load_pen, mnist_hashes, split
from model.data.training_sets import (
    joined,
    nondigits,
    small_scans,
    split_writers,
    validation_pen_digits,
    varied_pen_digits,
)
from model.locations import RUN_FOLDER
from model.training.checkpoints import load_checkpoint, network_of
from model.training.configuration import TrainingConfig
from model.training.devices import DEVICES, PRECISIONS, Processes, choose_device, choose_precision, join_processes
from model.training.loop import Progress, train
from model.training.networks import list_networks
from model.training.optimisation import LEARNING_RATES, SCHEDULES
from model.training.tensorboard_log import TensorBoardLog
from scripts.cli import add_data_option, run
from serving.console import redraw, say

BAR_WIDTH = 24  # characters
CORRECTION_REPEATS = 8  # times that each comes in an epoch, as often as a pen digit is drawn
PICTURES_FILE = "pictures.pt"  # in the run folder: what was drawn, for --resume and for several processes


def main() -> int:
    options = parse_options()
    if options.threads:
        torch.set_num_threads(options.threads)
    device = choose_device(options.device)
    config, teacher = configure(options, device)
    with join_processes(device) as processes, ExitStack() as stack:
        training, validation = pictures(options, config, processes)
        observers = {}
        if processes.is_first:
            say(
                f"training {config.network} on {len(training):,} pictures, validated on {len(validation):,}; "
                f"{device.type}, {config.precision}, {processes.count} process{'es' * (processes.count > 1)}"
            )
            log = stack.enter_context(TensorBoardLog(options.run_folder, finished_steps=finished_steps(options)))
            log.samples(training, config.augmentation)
            observers = {
                "on_progress": partial(show_progress, log),
                "on_epoch": partial(show_epoch, log),
            }
        best = train(
            config,
            training,
            validation,
            options.run_folder,
            resume=options.resume,
            device=device,
            processes=processes,
            teacher=teacher,
            data_hashes=data_hashes(options),
            **observers,
        )
    if processes.is_first:
        print(best)
    return 0


def parse_options() -> argparse.Namespace:
    """Read and check the command line."""
    defaults = TrainingConfig()
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Each epoch replaces last.pt, best.pt and history.json in the run folder. Ctrl-C loses at most the "
        "epoch under way: go on with --resume. `make dashboard` shows the log, `make export` releases best.pt. "
        "Several processes: torchrun --nproc-per-node=2 scripts/train.py ...",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_data_option(parser)
    option = parser.add_argument
    option("--run-folder", type=Path, default=RUN_FOLDER, help="where the checkpoints go")
    option("--resume", action="store_true", help="go on from the run folder's last.pt")
    option("--network", choices=list_networks(), default=defaults.network, help="what to train")
    option("--teacher", type=Path, help="checkpoint of a network to learn from, beside the labels")
    option("--epochs", type=int, default=defaults.epochs, help="times through all pictures")
    option("--batch-size", type=int, default=defaults.batch_size, help="pictures in a step, over all processes")
    option("--optimiser", choices=list(LEARNING_RATES), default=defaults.optimiser, help="what moves the weights")
    option("--schedule", choices=SCHEDULES, default=defaults.schedule, help="course of the learning rate")
    rates = ", ".join(f"{rate:g} for {name}" for name, rate in LEARNING_RATES.items())
    option("--learning-rate", type=float, default=None, help=f"its peak (default: {rates})")
    option("--patience", type=int, default=defaults.patience, help="epochs to wait for a better one")
    option("--seed", type=int, default=defaults.seed, help="same seed, same machine: same weights")
    option("--no-pen", action="store_true", help="train on MNIST alone, without pen strokes")
    option("--mnist-repeats", type=int, default=defaults.mnist_repeats, help="times a MNIST digit comes in an epoch")
    option("--pen-variants", type=int, default=defaults.pen_variants, help="pictures drawn of each pen digit")
    option("--nondigits", type=int, default=defaults.nondigits, help="pictures that show no digit")
    option(
        "--corrections", type=Path, nargs="*", default=[], help="zip files that the page exported, to learn from too"
    )
    option(
        "--final-strength",
        type=float,
        default=defaults.final_strength,
        help="of the augmentation in the last epoch, 0 to 1; it falls to that from half-time on",
    )
    option("--device", choices=DEVICES, default="auto", help="auto: a GPU where there is one")
    option("--precision", choices=PRECISIONS, default="auto", help="auto: bfloat16 where the device computes it")
    option("--threads", type=int, default=0, help="CPU threads; 0: as torch chooses")
    options = parser.parse_args()
    counts = (options.epochs, options.batch_size - 1, options.patience, options.mnist_repeats, options.pen_variants)
    if min(counts) < 1:
        parser.error(
            "--epochs, --patience, --mnist-repeats and --pen-variants must be at least 1, --batch-size at least 2"
        )
    if not 0 <= options.final_strength <= 1:
        parser.error("--final-strength must lie between 0 and 1")
    if min(options.nondigits, options.threads) < 0:
        parser.error("--nondigits and --threads must be at least 0")
    if options.learning_rate is not None and options.learning_rate <= 0:
        parser.error("--learning-rate must be above 0")
    if (options.run_folder / "last.pt").exists() and not options.resume:
        parser.error(f"{options.run_folder} holds a training; go on with --resume, or name another --run-folder")
    return options


def configure(options: argparse.Namespace, device: torch.device) -> tuple[TrainingConfig, nn.Module | None]:
    """The configuration and the teacher that the command line asks for."""
    names = ["network", "epochs", "batch_size", "optimiser", "schedule", "patience", "seed"]
    names += ["mnist_repeats", "nondigits", "final_strength"]
    config = TrainingConfig(
        **{name: getattr(options, name) for name in names},
        learning_rate=options.learning_rate or LEARNING_RATES[options.optimiser],
        precision=choose_precision(options.precision, device),
        pen_variants=0 if options.no_pen else options.pen_variants,
    )
    if not options.teacher:
        return config, None
    return replace(config, teacher=sha256_of(options.teacher)), network_of(load_checkpoint(options.teacher))


def pictures(options: argparse.Namespace, config: TrainingConfig, processes: Processes) -> tuple[Digits, Digits]:
    """What to learn from and to validate on: drawn once, by the first process, then read by all, and by --resume."""
    path = options.run_folder / PICTURES_FILE
    if processes.is_first and not (options.resume and path.exists()):
        options.run_folder.mkdir(parents=True, exist_ok=True)
        sets = [(digits.images, digits.labels) for digits in draw(options.data, config, options.corrections)]
        write_atomically(path, partial(torch.save, sets))
    processes.from_first(None)
    training, validation = torch.load(path, weights_only=True)
    return Digits(*training), Digits(*validation)


def draw(data: Path, config: TrainingConfig, corrections: Sequence[Path]) -> tuple[Digits, Digits]:
    """Read the data and draw the pictures to learn from and to validate on."""
    corrected = [read_corrections(path).to_learn() for path in corrections]
    mnist, mnist_validation = split(as_seen(load_mnist(data, train=True)))
    training, validation = [mnist] * config.mnist_repeats + corrected * CORRECTION_REPEATS, [mnist_validation]
    with tqdm(desc="drawing", unit=" pictures", unit_scale=True) as bar:
        if config.pen_variants:
            writers, validation_writers = split_writers(load_pen(data))
            training.append(varied_pen_digits(writers, config.pen_variants, config.seed, bar.update))
            training.append(small_scans(mnist[::2], config.seed, bar.update))
            validation.extend(validation_pen_digits(validation_writers, bar.update).values())
        if config.nondigits:
            training.append(nondigits(config.nondigits, config.seed, bar.update))
    return joined(training), joined(validation)


def data_hashes(options: argparse.Namespace) -> dict[str, str]:
    """SHA-256 of each file that was learned from, by name."""
    pen = [] if options.no_pen else [options.data / "pendigits" / PEN_FILE]
    return mnist_hashes(options.data) | {path.name: sha256_of(path) for path in (*pen, *options.corrections)}


def finished_steps(options: argparse.Namespace) -> int:
    """Steps of the epochs that a resumed training has behind it."""
    last = options.run_folder / "last.pt"
    return int(load_checkpoint(last)["history"][-1]["steps"]) if options.resume and last.exists() else 0


def show_progress(log: TensorBoardLog, progress: Progress) -> None:
    """Redraw the bar of the epoch under way, where someone watches."""
    log.progress(progress)
    bar = "#" * round(progress.share * BAR_WIDTH)
    minutes, seconds = divmod(round(progress.seconds_left), 60)
    left = f"{minutes}:{seconds:02d}"
    redraw(f"epoch {progress.epoch}/{progress.epochs} [{bar:<{BAR_WIDTH}}] loss {progress.loss:.4f}, {left} left")


def show_epoch(log: TensorBoardLog, record: dict[str, float]) -> None:
    """Leave a line for a finished epoch."""
    log.epoch(record)
    say(
        f"epoch {record['epoch']}: loss {record['training_loss']:.4f}, "
        f"validation loss {record['validation_loss']:.4f}, accuracy {record['validation_accuracy']:.2%}, "
        f"{record['seconds']:.1f} s"
    )


if __name__ == "__main__":
    run(main)
