"""Trains a network on MNIST, pen strokes and pictures of no digit; leaves checkpoints, a history, a TensorBoard log."""

import sys
from pathlib import Path

import torch
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from model.training.checkpoints import LAST, load_teacher
from model.training.devices import choose_device
from model.training.loop import Progress
from model.training.session import Observers, train_from_data
from scripts.cli import run
from scripts.training_options import build_parser, configure, own_classes_of
from serving.console import say

EPILOG = """Each epoch replaces last.pt, best.pt and history.json in the run folder. Ctrl-C loses at most that epoch:
--resume goes on. `make dashboard` shows the TensorBoard log, `make export` releases best.pt. Several processes:
torchrun --nproc-per-node=2 scripts/train.py ..."""
EPOCH_LINE = """epoch {epoch}: loss {training_loss:.4f}, validation loss {validation_loss:.4f}, \
accuracy {validation_accuracy:.2%}, {seconds:.1f} s"""


def main() -> int:
    parser = build_parser(__doc__ or "", EPILOG)
    options = parser.parse_args()
    torch.set_num_threads(options.threads or torch.get_num_threads())
    device = choose_device(options.device)
    own = own_classes_of(parser, options)
    try:
        config = configure(options, device, own)
    except ValueError as error:
        parser.error(str(error))
    if (options.run_folder / LAST).exists() and not options.resume:
        parser.error(
            f"{options.run_folder} holds a training run; continue it with --resume, or choose another --run-folder"
        )
    with (
        tqdm(desc="drawing", unit=" pictures", unit_scale=True, disable=None, leave=False) as drawing,
        tqdm(desc="training", unit=" epochs", total=config.epochs, disable=None, delay=1) as bar,
    ):

        def started(training: int, validation: int, processes: int) -> None:
            drawing.close()
            where = f"{device.type}, {config.precision}, {processes} process{'es' * (processes > 1)}"
            if own and own.left_out:
                say(f"left out: {own.left_out:,} pictures of labels that are not asked for")
            say(f"training {config.network} on {training:,} pictures, validated on {validation:,}; {where}")

        def progressed(progress: Progress) -> None:
            bar.set_postfix_str(f"loss {progress.loss:.4f}", refresh=False)
            bar.update(progress.epoch - 1 + progress.share - bar.n)

        best = train_from_data(
            options.data,
            config,
            options.run_folder,
            own=own,
            corrections=options.corrections,
            resume=options.resume,
            device=device,
            teacher=load_teacher(options.teacher, own.labels if own else ()) if options.teacher else None,
            observers=Observers(drawing.update, started, progressed, lambda record: say(EPOCH_LINE.format(**record))),
        )
    if best:
        print(best)
    return 0


if __name__ == "__main__":
    run(main)
