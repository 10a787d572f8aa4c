"""Times the forward pass and the preprocessing on one thread of this machine."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from model.preprocessing.digit import SIDE, digit_image
from model.recogniser import Recogniser

BATCHES = (1, 32)
ROUNDS = 40  # of each measurement; the measurements take turns
ROUND_S = 0.02  # shortest time of one round


def forward_pass_of(pictures: int) -> str:
    """What the forward pass of a batch of so many pictures is called in the results."""
    return f"forward pass, batch of {pictures}"


def measure_speed(
    load: Callable[[], Recogniser], picture: Image.Image, others: Mapping[str, Image.Image] | None = None
) -> dict[str, Any]:
    """Milliseconds a picture: of forward passes in batches, and of the preprocessing of `picture` and of others.

    Each is the median of `ROUNDS` rounds, in turns, so that other work on the machine affects all alike; the gap to the
    fastest round shows how much it did. The recogniser is loaded again, because graphs fused by oneDNN keep the number
    of threads that they were compiled for.
    """
    rng = np.random.default_rng(0)
    batches = {n: rng.integers(0, 256, (n, SIDE, SIDE), dtype=np.uint8) for n in BATCHES}
    width, height = picture.size
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        recogniser = load()
        recogniser.warm_up()
        tasks: dict[str, tuple[Callable[[], object], int]] = {
            forward_pass_of(n): (partial(recogniser.probabilities, images), n) for n, images in batches.items()
        }
        tasks[f"preprocessing, {width}x{height} px decoded"] = (partial(digit_image, picture), 1)
        for name, other in (others or {}).items():
            tasks[f"preprocessing, {name}, {other.width}x{other.height} px"] = (partial(digit_image, other), 1)
        repeats = {name: _repeats(task) for name, (task, _) in tasks.items()}
        rounds: dict[str, list[float]] = {name: [] for name in tasks}
        for _ in range(ROUNDS):
            for name, (task, pictures) in tasks.items():
                rounds[name].append(1e3 * _seconds(task, repeats[name]) / repeats[name] / pictures)
    finally:
        torch.set_num_threads(threads)
    times = {name: {"median_ms": statistics.median(ms), "fastest_ms": min(ms)} for name, ms in rounds.items()}
    return {"machine": machine(), "rounds": ROUNDS, "a_picture": times}


def machine() -> str:
    """The processor by its name where Linux tells it, and the number of cores."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def _repeats(task: Callable[[], object]) -> int:
    task()
    return max(1, round(ROUND_S / _seconds(task, 1)))


def _seconds(task: Callable[[], object], repeats: int) -> float:
    started = time.perf_counter()
    for _ in range(repeats):
        task()
    return time.perf_counter() - started
