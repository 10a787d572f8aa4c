"""Training by two real processes under torchrun comes to what one process comes to."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from model.locations import ROOT
from model.training.checkpoints import load_checkpoint
from model.training.devices import Processes
from model.training.loop import train
from tests.integration.two_processes import CONFIG, digits

SCRIPT = Path(__file__).with_name("two_processes.py")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_processes_learn_the_weights_that_one_does(tmp_path: Path) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*torchrun, str(SCRIPT), str(tmp_path / "two")], cwd=ROOT, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split("\n")[:2]) == ["process 0 of 2", "process 1 of 2"]

    train(CONFIG, *digits(), tmp_path / "one")
    one, two = (load_checkpoint(tmp_path / name / "last.pt") for name in ("one", "two"))
    for name, weights in one["weights"].items():
        torch.testing.assert_close(two["weights"][name], weights, atol=1e-4, rtol=1e-3)
    histories = [json.loads((tmp_path / name / "history.json").read_text())["epochs"] for name in ("one", "two")]
    assert histories[0][-1]["validation_loss"] == pytest.approx(histories[1][-1]["validation_loss"], rel=1e-3)


def test_one_process_started_plainly_is_alone_and_first() -> None:
    alone = Processes()
    network = torch.nn.Linear(1, 1)
    assert alone.is_first
    assert alone.parallel(network) is network
    assert alone.from_first({"a": 1}) == {"a": 1}
