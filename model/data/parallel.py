"""Maps work over items on all cores, in chunks, with a callback for progress."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")

OnProgress = Callable[[int], object]
"""Called with the number of items just done."""


def silent(done: int) -> None:
    """No progress shown."""


def map_chunks(
    work: Callable[[int, Sequence[Any]], list[Result]], items: Any, size: int, on_progress: OnProgress = silent
) -> list[Result]:
    """The results of all items, in their order.

    Args:
        work: the results of a chunk, given the number of its first item and the chunk; it can be pickled.
        items: a sequence or an array.
        size: items in a chunk; where there are no more of them, no other process is started.
        on_progress: called after each chunk, in this process.
    """
    starts = range(0, len(items), size)
    chunks = [items[start : start + size] for start in starts]
    if len(chunks) == 1:
        results = work(0, items)
        on_progress(len(items))
        return results
    results = []
    # A plain fork would copy the locks of torch's threads.
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context, initializer=_leave_interrupts_to_parent) as pool:
        for chunk, part in zip(chunks, pool.map(work, starts, chunks), strict=True):
            results += part
            on_progress(len(chunk))
    return results


def _leave_interrupts_to_parent() -> None:
    """Ctrl-C reaches every process of the terminal; one that it ends in mid-work can hang the pool for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
