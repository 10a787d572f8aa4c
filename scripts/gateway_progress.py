"""What `scripts/gateway.py` tells the person at the terminal while it runs."""

import os
import sys

from model.artifacts import MODEL_NAME
from scripts.serve_progress import StartObserver
from serving.console import say
from serving.gateway.description import Gateway
from serving.hosts import is_loopback
from serving.settings import SAMPLE


class TerminalObserver(StartObserver):
    """Tells the person at the terminal what happens."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__("waiting for the nodes and Envoy")
        self._gateway = gateway

    def ready(self, seconds: float) -> None:
        gateway, url, settings = self._gateway, self._gateway.url, self._gateway.settings
        keys = gateway.key_file.read()
        # A service's output is kept in a log that others read; keys do not belong there.
        may_show = is_loopback(settings.address) or sys.stdout.isatty()
        given = f' -H "Authorization: Bearer {keys[0].secret if may_show else "KEY"}"' if keys else ""
        own = " -k" if settings.uses_tls and gateway.certificate is None else ""
        lines = [
            f"Ready after {seconds:.1f} s.",
            f"Page:      {url}",
            f"Endpoint:  {url}/predictions/{MODEL_NAME}",
            f"Try:       curl{own} {url}/predictions/{MODEL_NAME} -T {os.path.relpath(SAMPLE)}{given}",
            f"Keys:      python scripts/keys.py --help ({len(keys)} in {gateway.key_file.path})",
            f"Metrics:   http://{settings.metrics_address}:{settings.metrics_port}/metrics",
            *([f"Restart:   kill -USR1 {os.getpid()} restarts the nodes in turn"] if gateway.local_nodes else []),
            f"Logs:      {gateway.log_folder}",
            "Ctrl-C stops everything.",
        ]
        self.tell(lines)

    def note(self, message: str) -> None:
        say(message)

    def stopping(self) -> None:
        say("stopping")
