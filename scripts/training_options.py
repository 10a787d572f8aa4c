"""The options of a training, the configuration that they ask for, and the own classes that an export takes too."""

import argparse
from pathlib import Path

import torch

from model.artifacts import LABELS_FILE, labels_sha256, sha256_of
from model.data.own_classes import OwnClasses, read_own_classes
from model.locations import ROOT, RUN_FOLDER
from model.training.checkpoints import LAST
from model.training.configuration import NONDIGIT_KINDS, TrainingConfig
from model.training.devices import DEVICES, PRECISIONS, choose_precision
from model.training.networks import CLASSES
from model.training.optimisation import LEARNING_RATES
from scripts.cli import add_data_option, add_dataclass_options, dataclass_values


def build_parser(description: str, epilog: str) -> argparse.ArgumentParser:
    """The options: those of `TrainingConfig`, and what decides no weights."""
    parser = argparse.ArgumentParser(
        description=description, epilog=epilog, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    add_data_option(parser)
    add_own_classes_options(parser)
    add = parser.add_argument
    add("--run-folder", type=Path, default=RUN_FOLDER, help="where the checkpoints go")
    add("--resume", action="store_true", help=f"go on from the run folder's {LAST}")
    add("--corrections", type=Path, nargs="*", default=[], help="zip files that the page exported, to learn from too")
    add("--no-pen", action="store_true", help="train without pen strokes, as --pen-variants 0 does")
    add("--teacher", type=Path, help="checkpoint of a network to learn from, beside the labels")
    rates = ", ".join(f"{rate:g} for {name}" for name, rate in LEARNING_RATES.items())
    add("--learning-rate", type=float, default=None, help=f"its peak (default: {rates})")
    kinds = "pictures of no class: with letters, or without (default: all; for own classes scribbles)"
    add("--nondigit-kinds", choices=NONDIGIT_KINDS, default=None, help=kinds)
    add("--device", choices=DEVICES, default="auto", help="auto: a GPU where there is one")
    add("--precision", choices=PRECISIONS, default="auto", help="auto: bfloat16 where the device computes it")
    add("--threads", type=int, default=0, help="CPU threads; 0: as torch chooses")
    add_dataclass_options(parser, TrainingConfig)
    return parser


def add_own_classes_options(parser: argparse.ArgumentParser) -> None:
    """Add `--pictures` and `--labels`, own classes in the place of the digits."""
    add = parser.add_argument
    add("--pictures", type=Path, help="own classes, not the digits: a folder of pictures for each, or .npz of strokes")
    add("--labels", type=Path, help=f"names of the own classes, in order, as in {LABELS_FILE}, which is the default")


def own_classes_of(parser: argparse.ArgumentParser, options: argparse.Namespace) -> OwnClasses | None:
    """The own classes that are asked for, or None for the digits; labels without pictures are wrong usage."""
    if options.pictures:
        return read_own_classes(options.pictures, options.labels or ROOT / LABELS_FILE)
    if options.labels:
        parser.error("--labels names own classes; show where theirs are with --pictures")
    return None


def configure(options: argparse.Namespace, device: torch.device, own: OwnClasses | None) -> TrainingConfig:
    """The configuration that the command line asks for; `ValueError` says what is not accepted."""
    return TrainingConfig(
        **dataclass_values(options, TrainingConfig) | ({"pen_variants": 0} if options.no_pen else {}),
        classes=len(own.labels) if own else CLASSES,
        labels=labels_sha256(own.labels) if own else "",
        nondigit_kinds=options.nondigit_kinds or ("scribbles" if own else "all"),
        learning_rate=LEARNING_RATES[options.optimiser] if options.learning_rate is None else options.learning_rate,
        precision=choose_precision(options.precision, device),
        teacher=sha256_of(options.teacher) if options.teacher else "",
    )
