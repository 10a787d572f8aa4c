"""Training the ink network: it learns, resumes to the same weights, and refuses what is not its own."""

from pathlib import Path

import numpy as np
import pytest
import torch

from model.artifacts import INK_FILE
from model.data.papers.subjects import Handwriting
from model.errors import ArtifactError
from model.training.checkpoints import LAST
from model.training.ink.loop import InkConfig, ink_network_of, load_ink_checkpoint, train_ink
from model.training.ink.network import InkNetwork, dice, ink_loss
from model.training.ink.scenes import Scenes
from model.training.networks import count_parameters
from release.ink_export import export_ink
from tests.drawing import STROKES

HAND = Handwriting(list(STROKES.values()), [], np.zeros((0, 28, 28), np.uint8))
CONFIG = InkConfig(steps=4, batch_size=4, steps_a_record=2, validation_batches=1)


def test_the_network_gives_a_share_of_ink_for_each_pixel_and_is_small() -> None:
    network = InkNetwork().eval()
    assert network(torch.zeros(2, 4, 96, 96)).shape == (2, 1, 96, 96)
    assert count_parameters(network) < 100_000


def test_dice_is_one_where_both_inks_are_the_same_or_empty() -> None:
    ink = (torch.rand(3, 1, 8, 8) > 0.5).float()
    assert torch.allclose(dice(ink, ink), torch.ones(3))
    assert torch.allclose(dice(ink * 0, ink * 0), torch.ones(3))
    assert (dice(1 - ink, ink) < 0.1).all()


def test_a_step_against_the_gradient_lowers_the_loss() -> None:
    torch.manual_seed(0)
    network = InkNetwork()
    planes, ink = next(iter(Scenes(HAND, 1, 8, 0, 1)))
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    losses = []
    for _ in range(8):
        loss = ink_loss(network(planes), ink)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


def test_the_same_batch_comes_from_the_same_number_wherever_the_stream_begins() -> None:
    whole = list(Scenes(HAND, 1, 3, 0, 3))
    rest = list(Scenes(HAND, 1, 3, 2, 3))
    assert all(torch.equal(a, b) for a, b in zip(whole[2], rest[0], strict=True))


@pytest.mark.slow
def test_a_training_that_was_stopped_ends_with_the_weights_of_one_that_was_not(tmp_path: Path) -> None:
    train_ink(CONFIG, HAND, HAND, tmp_path / "whole")

    def stop(record: dict[str, float]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_ink(CONFIG, HAND, HAND, tmp_path / "stopped", on_record=stop)
    train_ink(CONFIG, HAND, HAND, tmp_path / "stopped", resume=True)
    whole, resumed = (load_ink_checkpoint(tmp_path / name / LAST) for name in ("whole", "stopped"))
    assert [record["step"] for record in resumed["history"]] == [2, 4]
    for name, weights in whole["average_weights"].items():
        torch.testing.assert_close(resumed["average_weights"][name], weights)
    with pytest.raises(ArtifactError, match=r"another configuration \(differs in: learning_rate\)"):
        train_ink(InkConfig(**(vars(CONFIG) | {"learning_rate": 1e-4})), HAND, HAND, tmp_path / "whole", resume=True)
    assert isinstance(ink_network_of(whole), InkNetwork)


@pytest.mark.slow
def test_a_training_starts_from_the_weights_of_a_checkpoint_or_of_a_released_network(tmp_path: Path) -> None:
    first = train_ink(CONFIG, HAND, HAND, tmp_path / "first")
    weights = load_ink_checkpoint(first)["average_weights"]
    export_ink(load_ink_checkpoint(first), tmp_path)
    hardly = InkConfig(**(vars(CONFIG) | {"steps": 1, "learning_rate": 1e-9}))
    for initial in (first, tmp_path / INK_FILE):
        last = train_ink(hardly, HAND, HAND, tmp_path / f"from {initial.name}", initial=initial)
        found = load_ink_checkpoint(last)["average_weights"]
        for name in (name for name in weights if name.endswith(("weight", "bias"))):
            torch.testing.assert_close(found[name], weights[name])


def test_a_file_that_is_no_checkpoint_of_an_ink_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.pt"
    path.write_bytes(b"no checkpoint")
    with pytest.raises(ArtifactError, match="cannot be read as a checkpoint"):
        load_ink_checkpoint(path)
    torch.save({"format": 2}, path)
    with pytest.raises(ArtifactError, match="has checkpoint format 2; this code reads 'ink 1'"):
        load_ink_checkpoint(path)
