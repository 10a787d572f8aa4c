"""What `scripts/serve.py` tells the person at the terminal while it serves."""

import os
import shlex
from pathlib import Path

from model.artifacts import MODEL_NAME
from model.locations import ROOT
from serving.console import Waiting, say
from serving.settings import SAMPLE
from serving.supervisor import Service


class TerminalObserver:
    """Tells the person at the terminal what the supervisor reports."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._waiting = Waiting("waiting for a worker to load the model")

    def packing(self, archive: Path) -> None:
        say(f"building {os.path.relpath(archive, ROOT)} (missing or older than its inputs)")

    def waiting(self, seconds: float) -> None:
        self._waiting.show(seconds)

    def ready(self, seconds: float) -> None:
        self._waiting.end()
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
        print("\n".join(lines), flush=True)

    def stopping(self) -> None:
        say("stopping (Ctrl-C again to hurry)")

    def page_failed(self, message: str) -> None:
        say(f"page server: {message}")
