"""The data: MNIST through torchvision and UCI's pen strokes, checked file by file, and MNIST's fixed split."""

import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.datasets import MNIST

from model.artifacts import sha256_of, write_atomically
from model.data.pen_strokes import PenDigit, read_unipen
from model.errors import DataError, NoInk
from model.preprocessing.digit import SIDE, digit_image
from model.preprocessing.images import GreyImage

NOT_A_DIGIT = -1  # the label of a picture that shows no digit
VALIDATION_SIZE = 5_000
SPLIT_SEED = 20_240_501  # never change it: results compare only on the same split

# SHA-256 of the unpacked files as published (http://yann.lecun.com/exdb/mnist), and their sizes in bytes.
MNIST_FILES = {
    "train-images-idx3-ubyte": ("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", 47_040_016),
    "train-labels-idx1-ubyte": ("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", 60_008),
    "t10k-images-idx3-ubyte": ("0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", 7_840_016),
    "t10k-labels-idx1-ubyte": ("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", 10_008),
}

PEN_FILE = "pendigits-orig.tra"
PEN_SHA256 = "a66225d68d7d68591e62944df1ad33b3f5aa608e2df2505844b41f5568a80da4"
PEN_URL = f"https://archive.ics.uci.edu/ml/machine-learning-databases/pendigits/{PEN_FILE}.Z"
DOWNLOAD_TIMEOUT_S = 60


@dataclass(frozen=True)
class Digits:
    """Pictures and what they show.

    Attributes:
        images: uint8 (N, 28, 28), 0 = paper, 255 = ink.
        labels: int64 (N,), index of the class, a digit's own value, or `NOT_A_DIGIT`.
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Tensor | slice) -> "Digits":
        return Digits(self.images[index], self.labels[index])

    def to(self, device: torch.device) -> "Digits":
        """The same digits on another device."""
        return Digits(self.images.to(device), self.labels.to(device))


def load_mnist(folder: Path, *, train: bool, download: bool = True) -> Digits:
    """Read MNIST's 60,000 training or 10,000 test digits from `folder`/MNIST/raw.

    Args:
        folder: where the data lies, or where torchvision downloads it to, with a progress bar.
        train: the training digits, else the test digits.
        download: fetch what is missing; else its absence is an error.

    Raises:
        DataError: files are missing, or are not byte for byte what was published.
    """
    if download and not all((folder / "MNIST" / "raw" / name).exists() for name in MNIST_FILES):
        try:
            MNIST(str(folder), train=train, download=True)
        except (RuntimeError, OSError, EOFError) as error:
            raise DataError(f"MNIST cannot be downloaded to {folder}: {error}") from error
    _check_mnist(folder)
    dataset = MNIST(str(folder), train=train)
    return Digits(dataset.data, dataset.targets)


def load_pen(folder: Path, *, download: bool = True) -> list[PenDigit]:
    """Read UCI's pen strokes of 30 writers (Alpaydin and Alimoglu, 1998; CC BY 4.0) from `folder`/pendigits.

    Raises:
        DataError: the file is missing and cannot be downloaded, or is not byte for byte what was published.
    """
    path = folder / "pendigits" / PEN_FILE
    if not path.exists() and download:
        _download_pen(path)
    if not path.exists():
        raise DataError(f"{path} is missing; set DIGITS_DATA to a folder that holds it, or train with --no-pen")
    if sha256_of(path) != PEN_SHA256:
        raise DataError(f"{path} is corrupt: its SHA-256 is not {PEN_SHA256}; delete it to download it again")
    return read_unipen(path)


def _download_pen(path: Path) -> None:
    """Fetch the strokes from the UCI archive and unpack them; gzip, which every Debian has, reads its old `.Z`."""
    try:
        with urllib.request.urlopen(PEN_URL, timeout=DOWNLOAD_TIMEOUT_S) as response:
            packed = response.read()
        unpacked = subprocess.run(["gzip", "-dc"], input=packed, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise DataError(
            f"the pen strokes cannot be downloaded from {PEN_URL} ({error}); or train with --no-pen"
        ) from error
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda temporary: temporary.write_bytes(unpacked))


def as_seen(digits: Digits) -> Digits:
    """The digits as the network sees them when they are served: each picture through the one preprocessing."""
    seen = [seen_or_black(Image.fromarray(image)) for image in digits.images.numpy()]
    return Digits(torch.from_numpy(np.stack(seen)), digits.labels)


def seen_or_black(picture: Image.Image) -> GreyImage:
    """What the network sees of a picture, uint8 (28, 28); black where it is taken for bare paper, so that it counts."""
    try:
        return digit_image(picture)
    except NoInk:
        return np.zeros((SIDE, SIDE), dtype=np.uint8)


def mnist_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of each of MNIST's four files, by name."""
    return {name: sha256_of(folder / "MNIST" / "raw" / name) for name in MNIST_FILES}


def split(digits: Digits, validation_size: int = VALIDATION_SIZE, seed: int = SPLIT_SEED) -> tuple[Digits, Digits]:
    """Part digits into training and validation, every class in the same proportion; the same seed, the same parts.

    Raises:
        ValueError: `validation_size` leaves no digit for one of the parts.
    """
    if not 0 < validation_size < len(digits):
        raise ValueError(f"validation_size is {validation_size}; it must lie between 1 and {len(digits) - 1}")
    order = torch.randperm(len(digits), generator=torch.Generator().manual_seed(seed))
    by_class = order[torch.argsort(digits.labels[order], stable=True)]
    # Each class is one run of `by_class`, so evenly spaced positions take the same share of each.
    is_validation = torch.zeros(len(digits), dtype=torch.bool)
    picked = torch.arange(validation_size) * len(digits) // validation_size
    is_validation[by_class[picked]] = True
    return digits[~is_validation], digits[is_validation]


def _check_mnist(folder: Path) -> None:
    """Raise `DataError` on the first of MNIST's files that is missing or differs from what was published."""
    for name, (sha256, size_bytes) in MNIST_FILES.items():
        path = folder / "MNIST" / "raw" / name
        if not path.exists():
            raise DataError(
                f"{path} is missing; set DIGITS_DATA to a folder that holds MNIST/raw, "
                "or let it be downloaded where there is a network"
            )
        found_bytes = path.stat().st_size
        if found_bytes != size_bytes:
            raise DataError(
                f"{path} has {found_bytes:,} bytes where {size_bytes:,} are expected; delete it to download it again"
            )
        if sha256_of(path) != sha256:
            raise DataError(f"{path} is corrupt: its SHA-256 is not {sha256}; delete it to download it again")
