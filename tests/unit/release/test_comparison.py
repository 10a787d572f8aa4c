"""The comparison: networks of digits beside each other, and of nothing else."""

from pathlib import Path

import torch

from model.training.checkpoints import BEST, CHECKPOINT_FORMAT
from release.comparison import digit_runs


def test_only_networks_of_digits_are_compared_unasked(tmp_path: Path) -> None:
    for name, config in {"older": {}, "digits": {"labels": ""}, "letters": {"labels": "a hash"}}.items():
        (tmp_path / name).mkdir()
        torch.save({"format": CHECKPOINT_FORMAT, "config": config}, tmp_path / name / BEST)
    (tmp_path / "unfinished").mkdir()
    assert [run.name for run in digit_runs(tmp_path)] == ["digits", "older"]
