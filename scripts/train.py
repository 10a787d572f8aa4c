"""Trains a network on MNIST, pen strokes and pictures of no digit, and leaves checkpoints and a history."""

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from tqdm import tqdm

from model.artifacts import sha256_of
from model.datasets import PEN_FILE, Digits, as_seen, load_mnist, load_pen, mnist_hashes, split
from model.networks import list_networks
from model.sources import joined, nondigits, small_scans, split_writers, validation_pen_digits, varied_pen_digits
from model.training import Progress, TrainingConfig, train
from scripts.cli import RUN_FOLDER, add_data_option, run
from scripts.terminal import redraw, say

BAR_WIDTH = 24  # characters


def main() -> int:
    defaults = TrainingConfig()
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Each epoch replaces last.pt, best.pt and history.json in the run folder. Ctrl-C loses at most the "
        "epoch under way: go on with --resume. `make export` releases best.pt.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_data_option(parser)
    parser.add_argument("--run-folder", type=Path, default=RUN_FOLDER, help="where the checkpoints go")
    parser.add_argument("--resume", action="store_true", help="go on from the run folder's last.pt")
    parser.add_argument("--network", choices=list_networks(), default=defaults.network, help="what to train")
    parser.add_argument("--epochs", type=int, default=defaults.epochs, help="times through all pictures")
    parser.add_argument("--batch-size", type=int, default=defaults.batch_size, help="pictures in a step")
    parser.add_argument("--learning-rate", type=float, default=defaults.learning_rate, help="its peak")
    parser.add_argument("--patience", type=int, default=defaults.patience, help="epochs to wait for a better one")
    parser.add_argument("--seed", type=int, default=defaults.seed, help="same seed, same machine: same weights")
    parser.add_argument("--no-pen", action="store_true", help="train on MNIST alone, without pen strokes")
    parser.add_argument(
        "--pen-variants", type=int, default=defaults.pen_variants, help="pictures drawn of each pen digit"
    )
    parser.add_argument("--nondigits", type=int, default=defaults.nondigits, help="pictures that show no digit")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="CPU threads")
    options = parser.parse_args()
    if min(options.epochs, options.batch_size - 1, options.patience, options.threads, options.pen_variants) < 1:
        parser.error("--epochs, --patience, --threads, --pen-variants must be at least 1, --batch-size at least 2")
    if options.nondigits < 0:
        parser.error("--nondigits must be at least 0")
    if (options.run_folder / "last.pt").exists() and not options.resume:
        parser.error(f"{options.run_folder} holds a training; go on with --resume, or name another --run-folder")

    torch.set_num_threads(options.threads)
    names = ("network", "epochs", "batch_size", "learning_rate", "patience", "seed", "nondigits")
    config = replace(
        defaults,
        **{name: getattr(options, name) for name in names},
        pen_variants=0 if options.no_pen else options.pen_variants,
    )
    training, validation = load_sets(options.data, config)
    say(f"training {config.network} on {len(training):,} pictures, validated on {len(validation):,}")
    best = train(
        config,
        training,
        validation,
        options.run_folder,
        resume=options.resume,
        data_hashes=data_hashes(options.data, with_pen=not options.no_pen),
        on_progress=show_progress,
        on_epoch=show_epoch,
    )
    print(best)
    return 0


def load_sets(data: Path, config: TrainingConfig) -> tuple[Digits, Digits]:
    """Read the data and draw the pictures to learn from and to validate on."""
    mnist, mnist_validation = split(as_seen(load_mnist(data, train=True)))
    training, validation = [mnist], [mnist_validation]
    with tqdm(desc="drawing", unit=" pictures", unit_scale=True) as bar:
        if config.pen_variants:
            writers, validation_writers = split_writers(load_pen(data))
            training.append(varied_pen_digits(writers, config.pen_variants, config.seed, bar.update))
            training.append(small_scans(mnist[::2], config.seed, bar.update))
            validation.extend(validation_pen_digits(validation_writers, bar.update).values())
        if config.nondigits:
            training.append(nondigits(config.nondigits, config.seed, bar.update))
    return joined(training), joined(validation)


def data_hashes(data: Path, with_pen: bool) -> dict[str, str]:
    """SHA-256 of each file that was learned from, by name."""
    return mnist_hashes(data) | ({PEN_FILE: sha256_of(data / "pendigits" / PEN_FILE)} if with_pen else {})


def show_progress(progress: Progress) -> None:
    """Redraw the bar of the epoch under way, where someone watches."""
    bar = "#" * round(progress.share * BAR_WIDTH)
    minutes, seconds = divmod(round(progress.seconds_left), 60)
    left = f"{minutes}:{seconds:02d}"
    redraw(f"epoch {progress.epoch}/{progress.epochs} [{bar:<{BAR_WIDTH}}] loss {progress.loss:.4f}, {left} left")


def show_epoch(record: dict[str, float]) -> None:
    """Leave a line for a finished epoch."""
    say(
        f"epoch {record['epoch']}: loss {record['training_loss']:.4f}, "
        f"validation loss {record['validation_loss']:.4f}, accuracy {record['validation_accuracy']:.2%}, "
        f"{record['seconds']:.1f} s"
    )


if __name__ == "__main__":
    run(main)
