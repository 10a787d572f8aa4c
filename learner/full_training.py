"""Trains a network anew by the path of `make train`, corrections included, and lets the gate judge it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from learner.accepted import Correction
from learner.corrections import Kept
from learner.export import export_zip
from learner.lesson import Verdict, verdict_of
from learner.sets import Sets
from learner.teaching.lesson import CANDIDATE
from model.artifacts import write_atomically
from model.data.corrections import read_corrections
from model.locations import ROOT
from model.training.checkpoints import LAST, load_checkpoint
from model.training.configuration import TrainingConfig
from model.training.devices import choose_device
from model.training.loop import Progress
from model.training.session import Observers, train_from_data
from release.export import export, source_commit

TRAINING_SHARE = 0.95  # of the progress


def train_anew(
    champion: Path,
    corrections: Sequence[tuple[Kept, Correction]],
    run_folder: Path,
    report: Callable[[float, str], object],
    *,
    data: Path,
    sets: Sets,
    config: TrainingConfig | None = None,
) -> Verdict:
    """Train, export and judge; goes on from the run folder's last checkpoint where there is one.

    Args:
        champion: folder of the network that serves.
        corrections: to be learned beside the data.
        run_folder: for the checkpoints and the candidate's files; created if missing.
        report: called with the share that is done, in [0, 1], and what is being done, in words.
        data: folder of MNIST and the pen strokes.
        sets: to calibrate on and to judge by.
        config: of the training.

    Raises:
        DataError: data are missing or broken.
        ArtifactError: a checkpoint is broken, or the training diverged.
        OSError: files cannot be read or written.
    """
    config = config or TrainingConfig()
    export_file = run_folder / "corrections.zip"
    resume = (run_folder / LAST).exists()
    if not resume:  # a training that goes on learns what it began with
        run_folder.mkdir(parents=True, exist_ok=True)
        write_atomically(export_file, lambda path: path.write_bytes(export_zip(corrections)))

    def progressed(progress: Progress) -> None:
        done = (progress.epoch - 1 + progress.share) / config.epochs
        report(TRAINING_SHARE * done, f"training anew, epoch {progress.epoch} of {config.epochs}")

    best = train_from_data(
        data,
        config,
        run_folder,
        corrections=[export_file],
        resume=resume,
        device=choose_device("auto"),
        observers=Observers(lambda count: report(0.0, "drawing what is learned"), on_progress=progressed),
    )
    assert best is not None  # noqa: S101 - only further processes get None
    report(TRAINING_SHARE, "judging")
    folder = run_folder / CANDIDATE
    export(load_checkpoint(best), sets.validation, sets.elsewhere, sets.nondigits, folder, commit=source_commit(ROOT))
    learned = read_corrections(export_file).digits
    return verdict_of(champion, folder, sets, learned, learned[:0], [kept.id for kept, _ in corrections], [])
