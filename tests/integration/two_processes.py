"""Trains a little under `torchrun`, for test_distributed.py: python two_processes.py FOLDER."""

import sys
from pathlib import Path

import torch
from sklearn.datasets import load_digits

from model.data.digits import Digits, split
from model.training.augmentation import Augmentation
from model.training.configuration import TrainingConfig
from model.training.devices import join_processes
from model.training.loop import train

STILL = Augmentation(0, 0, 0, 0, 0, 0, 0, 0)
# Without dropout, normalisation by batch and augmentation, the parts of a batch add up to the whole.
CONFIG = TrainingConfig(
    network="tiny_vgg", epochs=2, batch_size=64, optimiser="sgd", learning_rate=0.01, augmentation=STILL
)


def digits() -> tuple[Digits, Digits]:
    """scikit-learn's digits, enlarged from 8x8 to the middle of 28x28."""
    bunch = load_digits()
    large = torch.from_numpy(bunch.images).repeat_interleave(3, dim=1).repeat_interleave(3, dim=2) * (255 / 16)
    images = torch.nn.functional.pad(large, (2, 2, 2, 2)).to(torch.uint8)
    return split(Digits(images, torch.from_numpy(bunch.target)), 297)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with join_processes(torch.device("cpu")) as processes:
        sys.stdout.write(f"process {processes.rank} of {processes.count}\n")  # at once, or the two mix
        sys.stdout.flush()
        train(CONFIG, *digits(), Path(sys.argv[1]), processes=processes)
