"""The data: what is broken is named, what is missing is downloaded, and the split never changes."""

import gzip
import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.datasets import MNIST

from model.data import digits as datasets
from model.data.digits import Digits, load_mnist, mnist_hashes, split
from model.errors import DataError

SIZES = {"train": 40, "t10k": 10}


def idx(array: np.ndarray) -> bytes:
    """MNIST's own file format: magic number, dimensions, bytes."""
    head = bytes((0, 0, 8, array.ndim)) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return head + array.astype(np.uint8).tobytes()


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """A small data set in MNIST's format, published in MNIST's stead: its files by name."""
    rng = np.random.default_rng(0)
    files = {}
    for part, n in SIZES.items():
        files[f"{part}-images-idx3-ubyte"] = idx(rng.integers(0, 256, (n, 28, 28)))
        files[f"{part}-labels-idx1-ubyte"] = idx(np.arange(n) % 10)
    checks = {name: (hashlib.sha256(content).hexdigest(), len(content)) for name, content in files.items()}
    monkeypatch.setattr(datasets, "MNIST_FILES", checks)
    return files


@pytest.fixture
def folder(published: dict[str, bytes], tmp_path: Path) -> Path:
    """A data folder that holds what was published."""
    raw = tmp_path / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in published.items():
        (raw / name).write_bytes(content)
    return tmp_path / "data"


@pytest.fixture
def mirror(published: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A mirror on loopback that torchvision downloads from; the folder that it serves."""
    served = tmp_path / "mirror"
    served.mkdir()
    resources = []
    for name, content in published.items():
        packed = gzip.compress(content)
        (served / f"{name}.gz").write_bytes(packed)
        resources.append((f"{name}.gz", hashlib.md5(packed, usedforsecurity=False).hexdigest()))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(served)))
    monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{server.server_address[1]}/"])
    monkeypatch.setattr(MNIST, "resources", resources)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


def test_digits_are_read_from_the_folder(folder: Path) -> None:
    training, test = load_mnist(folder, train=True), load_mnist(folder, train=False)
    assert (len(training), len(test)) == (SIZES["train"], SIZES["t10k"])
    assert training.images.shape == (40, 28, 28)
    assert training.images.dtype == torch.uint8
    assert test.labels.tolist() == list(range(10))


def test_missing_digits_are_downloaded_and_checked(mirror: Path, tmp_path: Path, published: dict[str, bytes]) -> None:
    folder = tmp_path / "new"
    assert len(load_mnist(folder, train=True)) == SIZES["train"]
    for name, content in published.items():
        assert (folder / "MNIST" / "raw" / name).read_bytes() == content
    assert mnist_hashes(folder)["t10k-labels-idx1-ubyte"] == datasets.MNIST_FILES["t10k-labels-idx1-ubyte"][0]


def test_a_corrupt_download_is_noticed(mirror: Path, tmp_path: Path) -> None:
    (mirror / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(b"something else"))
    with pytest.raises(DataError, match="cannot be downloaded"):
        load_mnist(tmp_path / "new", train=True)


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:100]), "has 100 bytes where", id="half a file"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\xff"), "is corrupt", id="a wrong byte"),
        pytest.param(lambda path: path.unlink(), "is missing; set DIGITS_DATA", id="no file"),
    ],
)
def test_a_damaged_file_is_named(folder: Path, damage: object, complaint: str) -> None:
    damage(folder / "MNIST" / "raw" / "t10k-images-idx3-ubyte")  # type: ignore[operator]
    with pytest.raises(DataError, match=f"t10k-images-idx3-ubyte {complaint}"):
        load_mnist(folder, train=True, download=False)


def test_the_published_mnist_passes_its_check(data_root: Path) -> None:
    assert len(load_mnist(data_root, train=True, download=False)) == 60_000
    assert len(load_mnist(data_root, train=False, download=False)) == 10_000


def numbered(n: int) -> Digits:
    """Digits that carry their own number, so that a split can be followed."""
    images = torch.zeros((n, 28, 28), dtype=torch.uint8)
    images[:, 0, 0], images[:, 0, 1] = torch.arange(n) // 256, torch.arange(n) % 256
    return Digits(images, torch.arange(n).pow(2) % 10)


def test_the_split_is_stratified_whole_and_always_the_same() -> None:
    digits = numbered(1000)
    training, validation = split(digits, 100)
    numbers = [part.images[:, 0, 0].int() * 256 + part.images[:, 0, 1] for part in (training, validation)]
    assert sorted(torch.cat(numbers).tolist()) == list(range(1000))
    shares = torch.bincount(digits.labels, minlength=10) / 10 - torch.bincount(validation.labels, minlength=10)
    assert shares.abs().max() <= 1
    again = split(digits, 100)[1]
    assert torch.equal(again.images, validation.images)
    assert not torch.equal(split(digits, 100, seed=1)[1].images, validation.images)


def test_the_split_of_mnist_is_fixed_for_good(data_root: Path) -> None:
    training, validation = split(load_mnist(data_root, train=True))
    assert (len(training), len(validation)) == (55_000, 5_000)
    digest = hashlib.sha256(validation.images.numpy().tobytes()).hexdigest()
    assert digest == "6aacbc00c41d27625416f3b9e7e8408a39b8cb230a163107a427605f7d874d62"


@pytest.mark.parametrize("size", [0, 10, 11])
def test_a_split_that_leaves_a_part_empty_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"validation_size is {size}; it must lie between 1 and 9"):
        split(numbered(10), size)
