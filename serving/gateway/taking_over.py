"""Writes Envoy's files anew where what they are made of has changed, each for itself: nodes, routes, certificate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from model.errors import OperatorError
from serving.gateway.configuration import Configuration

Sources = Mapping[str, tuple[Callable[[], Any], Callable[[Configuration, Any], None]]]
"""For each file what reads its content, and what writes it."""


class TakingOver:
    """Keeps the files of one configuration up to date.

    Args:
        sources: what the files are made of.
        note: called once with what cannot be used.
    """

    def __init__(self, sources: Sources, note: Callable[[str], None]) -> None:
        self._sources, self._note = sources, note
        self._usable: dict[str, object] = {}  # the last of each that could be read
        self._written: dict[str, object] = {}
        self._complaint = ""

    def write_all(self, configuration: Configuration) -> None:
        """Write all files of a new configuration.

        Raises:
            OperatorError, OSError: what one is made of cannot be used and never could, or a file cannot be written.
        """
        self._written.clear()
        self._write(configuration)

    def write_changes(self, configuration: Configuration) -> None:
        """Write what has changed; what cannot be used is said once."""
        try:
            complaint = "; ".join(self._write(configuration))
        except (OperatorError, OSError) as error:
            complaint = str(error)
        if complaint and complaint != self._complaint:
            self._note(f"not taken over: {complaint}")
        self._complaint = complaint

    def _write(self, configuration: Configuration) -> list[str]:
        """Write what has changed; returns what cannot be used, in whose place the last stays."""
        complaints = []
        for name, (read, write) in self._sources.items():
            try:
                self._usable[name] = read()
            except (OperatorError, OSError) as error:
                if name not in self._usable:
                    raise
                complaints.append(str(error))
            value = self._usable[name]
            if self._written.get(name) != value:
                write(configuration, value)
                self._written[name] = value
        return complaints
