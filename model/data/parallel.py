"""Maps work over items on all cores, in chunks, with a callback for progress."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

import torch

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
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context, initializer=_begin_process) as pool:
        for chunk, part in zip(chunks, pool.map(work, starts, chunks), strict=True):
            results += part
            on_progress(len(chunk))
    return results


def _begin_process() -> None:
    """One thread for each process, or they would wait for one another's.

    Ctrl-C is left to the parent: it reaches every process of the terminal, and one that it ends in mid-work can hang
    the pool for ever.
    """
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
