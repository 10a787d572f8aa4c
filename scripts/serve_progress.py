"""What `scripts/serve.py` tells the person at the terminal while it serves."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from model.artifacts import MODEL_NAME
from model.locations import ROOT
from serving.console import Waiting, say
from serving.settings import SAMPLE
from serving.supervisor import Service


class StartObserver:
    """Tells the person at the terminal how a start goes; `label` says what is waited for."""

    def __init__(self, label: str) -> None:
        self._waiting = Waiting(label)

    def packing(self, archive: Path) -> None:
        say(f"building {os.path.relpath(archive, ROOT)} (missing or older than its inputs)")

    def waiting(self, seconds: float) -> None:
        self._waiting.show(seconds)

    def tell(self, lines: Sequence[str]) -> None:
        """End the wait and write on stdout what was started."""
        self._waiting.end()
        print("\n".join(lines), flush=True)


class TerminalObserver(StartObserver):
    """Tells the person at the terminal what the supervisor reports."""

    def __init__(self, service: Service) -> None:
        super().__init__("waiting for a worker to load the model")
        self._service = service

    def ready(self, seconds: float) -> None:
        ports, here = self._service.ports, Path.cwd()
        endpoint = f"{ports.api_url}/predictions/{MODEL_NAME}"
        sample = SAMPLE.relative_to(here) if SAMPLE.is_relative_to(here) else SAMPLE
        lines = [
            f"Ready after {seconds:.1f} s.",
            *([f"Page:      {ports.page_url}"] if self._service.with_page else []),
            f"Endpoint:  {endpoint}",
            f"Try:       curl {endpoint} -T {shlex.quote(str(sample))}",
            f"Logs:      {self._service.log_folder}",
            "Ctrl-C stops everything.",
        ]
        self.tell(lines)

    def stopping(self) -> None:
        say("stopping (Ctrl-C again to hurry)")

    def note(self, message: str) -> None:
        say(message)

    def page_failed(self, message: str) -> None:
        say(f"page server: {message}")
