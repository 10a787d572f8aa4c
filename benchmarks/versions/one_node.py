"""One TorchServe that follows the registry of versions."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import find_free_ports, stop, wait_until_ready
from model.artifacts import MODEL_NAME
from model.locations import ROOT

START_TIMEOUT_S = 100.0
STOP_TIMEOUT_S = 60.0


@contextmanager
def one_node(folder: Path) -> Iterator[str]:
    """Serve for the length of a `with` block; gives the address for predictions."""
    ports, out, err = find_free_ports(), folder / "stdout", folder / "stderr"
    command = [sys.executable, str(ROOT / "scripts" / "serve.py"), "--versions", "--no-page"]
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [*command, f"--port={ports.inference}", f"--log-dir={folder / 'logs'}"], stdout=stdout, stderr=stderr
        )
    try:
        wait_until_ready(process, out, err, START_TIMEOUT_S)
        yield f"{ports.api_url}/predictions/{MODEL_NAME}"
    finally:
        stop(process, STOP_TIMEOUT_S)
