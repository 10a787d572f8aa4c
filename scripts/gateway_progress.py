"""What `scripts/gateway.py` tells the person at the terminal while it runs."""

import os
from pathlib import Path

from model.artifacts import MODEL_NAME
from model.locations import ROOT
from serving.console import Waiting, say
from serving.gateway.description import Gateway
from serving.settings import SAMPLE


class TerminalObserver:
    """Tells the person at the terminal what happens."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._waiting = Waiting("waiting for the nodes and Envoy")

    def packing(self, archive: Path) -> None:
        say(f"building {os.path.relpath(archive, ROOT)} (missing or older than its inputs)")

    def waiting(self, seconds: float) -> None:
        self._waiting.show(seconds)

    def ready(self, seconds: float) -> None:
        self._waiting.end()
        gateway, url = self._gateway, self._gateway.url
        keys = gateway.key_file.read()
        given = f' -H "Authorization: Bearer {keys[0].secret}"' if keys else ""
        own = " -k" if gateway.settings.uses_tls and gateway.certificate is None else ""
        lines = [
            f"Ready after {seconds:.1f} s.",
            f"Page:      {url}",
            f"Endpoint:  {url}/predictions/{MODEL_NAME}",
            f"Try:       curl{own} {url}/predictions/{MODEL_NAME} -T {os.path.relpath(SAMPLE)}{given}",
            f"Keys:      python scripts/keys.py --help ({len(keys)} in {gateway.key_file.path})",
            f"Restart:   kill -USR1 {os.getpid()} restarts the nodes in turn",
            f"Logs:      {gateway.log_folder}",
            "Ctrl-C stops everything.",
        ]
        print("\n".join(lines), flush=True)

    def note(self, message: str) -> None:
        say(message)

    def stopping(self) -> None:
        say("stopping")
