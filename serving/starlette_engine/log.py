"""Writes the two logs that TorchServe has, in its layout: the server's, and what workers say."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from serving.torchserve_log import MODEL_LOG, SERVER_LOG

FILE_BYTES = 5_000_000
OLD_FILES = 3
MAX_CHARACTERS = 1000
"""Of a message: what a client sent may stand in it."""


class OneLine(logging.Formatter):
    """One bounded line an event, whatever stands in it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s,%(msecs)03d [%(levelname)-5s] %(threadName)s %(name)s - ", "%Y-%m-%dT%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()[:MAX_CHARACTERS]
        record.asctime = self.formatTime(record, self.datefmt)
        return self.formatMessage(record) + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in message)


class LogFiles:
    """The two logs of a run.

    Attributes:
        server: warnings and errors of the front.
        model: what workers log.
    """

    def __init__(self, folder: Path) -> None:
        self.server = _logger(folder / SERVER_LOG, "SERVER_LOG", logging.WARNING)
        self.model = _logger(folder / MODEL_LOG, "MODEL_LOG", logging.INFO)

    def close(self) -> None:
        """Close both files."""
        for logger in (self.server, self.model):
            for handler in logger.handlers:
                handler.close()

    def load_failure(self, traceback: str) -> None:
        """Log why the archive cannot be loaded."""
        self.server.error("Load model failed")
        for line in traceback.splitlines():
            self.model.info("%s", line)


def _logger(path: Path, name: str, level: int) -> logging.Logger:
    handler = RotatingFileHandler(path, maxBytes=FILE_BYTES, backupCount=OLD_FILES, encoding="utf-8")
    handler.setFormatter(OneLine())
    logger = logging.Logger(name, level)  # no other module's: nothing else writes to these files
    logger.addHandler(handler)
    return logger
