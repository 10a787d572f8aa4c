"""Everything that changes TorchServe from inside; `apply` puts it to work.

Each module says what it mends, which upstream issue reports it, what happens without it, and which test proves it. The
server answers without them too: `DIGITS_TORCHSERVE_PATCHES=off` in its environment turns them off.
"""

import logging
import os
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

WRITTEN_FOR = "0.12.0"
"""The TorchServe whose insides the patches know."""

SWITCH = "DIGITS_TORCHSERVE_PATCHES"
"""Environment variable; `off` leaves TorchServe as it is."""

logger = logging.getLogger(__name__)


@cache
def are_wanted() -> bool:
    """Whether to patch this TorchServe; warns once where it is another version than the patches were written for."""
    if os.environ.get(SWITCH) == "off":
        return False
    try:
        found = version("torchserve")
    except PackageNotFoundError:
        found = "unknown"
    if found != WRITTEN_FOR:
        logger.warning("TorchServe %s is left as it is: its patches were written for %s", found, WRITTEN_FOR)
    return found == WRITTEN_FOR


def apply() -> None:
    """Patch this process's TorchServe, or leave it as it is where the patches are off or know another version."""
    if not are_wanted():
        return
    # Not at the top: they import parts of TorchServe that another version may not have.
    from handler.torchserve_patches.batch_time import report_only_declared_times
    from handler.torchserve_patches.envelopes import bypass_envelopes
    from handler.torchserve_patches.receiving import read_by_the_block

    bypass_envelopes()
    read_by_the_block()
    report_only_declared_times()


def prepare_start(folder: Path) -> None:
    """Put into the folder that TorchServe is about to be started in what changes its Java side."""
    if are_wanted():
        from handler.torchserve_patches.forms import write_class

        write_class(folder)


def worker_start_folder() -> Path | None:
    """The folder to put on `PYTHONPATH` of TorchServe, so that each worker runs `sitecustomize` first."""
    return Path(__file__).with_name("worker_start") if are_wanted() else None


def with_fork_server(command: list[str], folder: Path) -> list[str]:
    """The command that starts TorchServe and, beside it, what forks its workers, at an address in a folder."""
    if not (are_wanted() and hasattr(os, "pidfd_open")):
        return command
    server = Path(__file__).with_name("fork_server.py")
    return [sys.executable, "-P", str(server), str(folder / "fork.sock"), *command]
