"""The timing of the network and the preprocessing: on one thread, however many there were before."""

import time
from collections.abc import Iterator
from functools import partial

import pytest
import torch

from model.evaluation.speed import measure_speed
from model.locations import RELEASED
from model.recogniser import Recogniser
from release.archive import LABELS
from tests.drawing import draw_digit

THREADS = 2


@pytest.fixture
def _several_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_several_threads")
def test_one_thread_is_timed_although_more_have_read_before() -> None:
    load = partial(Recogniser.load_folder, RELEASED, LABELS)
    load().warm_up()
    wall, processor = time.perf_counter(), time.process_time()
    times = measure_speed(load, draw_digit(3))["a_picture"]
    assert time.process_time() - processor < 1.2 * (time.perf_counter() - wall)
    assert len(times) == 3
    assert all(0 < one["fastest_ms"] <= one["median_ms"] for one in times.values())
    assert torch.get_num_threads() == THREADS
