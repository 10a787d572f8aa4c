"""Work in several processes: all results in order, progress told, interrupts left to the process that waits."""

import signal
from collections.abc import Sequence

import numpy as np
import psutil
import pytest

from model.data.parallel import map_chunks


def numbered_squares(start: int, numbers: Sequence[int]) -> list[tuple[int, int]]:
    return [(start + i, int(number) ** 2) for i, number in enumerate(numbers)]


@pytest.mark.parametrize("items", [range(23), np.arange(23)], ids=["sequence", "array"])
def test_results_come_in_the_order_of_the_items_whatever_the_chunks(items: Sequence[int]) -> None:
    expected = [(i, i * i) for i in range(23)]
    for size in (5, 23):
        done: list[int] = []
        assert map_chunks(numbered_squares, items, size, done.append) == expected
        assert sum(done) == 23
        assert len(done) == -(-23 // size)


def test_nothing_gives_nothing() -> None:
    assert map_chunks(numbered_squares, [], 5) == []


def test_an_interrupt_is_left_to_the_process_that_waits() -> None:
    """Ctrl-C reaches the other processes too; one that ended in mid-work could leave the pool hanging."""
    done: list[int] = []

    def interrupt_the_others(count: int) -> None:
        done.append(count)
        if len(done) == 6:
            for child in psutil.Process().children(recursive=True):
                child.send_signal(signal.SIGINT)

    results = map_chunks(numbered_squares, range(240), 20, interrupt_the_others)
    assert sum(done) == len(results) == 240
