"""Changes the versions of one TorchServe while it runs, as the registry wants."""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

from model.errors import OperatorError
from release.archive import version_of
from serving.asked_versions import ask_versions
from serving.followed_versions import FollowedVersions, Wanted
from serving.settings import ServeError
from serving.torchserve import ManagedTorchServe

SETTLE_S = 2.0
"""Between the moment when a version is asked no longer and its end: at once, some requests were never answered."""


class LiveVersions:
    """Lets a TorchServe serve what the registry wants, in a thread of its own, from its construction on.

    Args:
        engine: ready, with what is wanted at first.
        address: where it answers.
        first: what it serves.
        on_champion: called with what is wanted when another version answers where a request names none.
        note: called with what an operator wants to know.
    """

    def __init__(
        self,
        engine: ManagedTorchServe,
        address: str,
        first: Wanted,
        on_champion: Callable[[Wanted], None],
        note: Callable[[str], None],
    ) -> None:
        self._engine, self._on_champion, self._note = engine, on_champion, note
        self._changes: SimpleQueue[Wanted | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="live versions", daemon=True)
        self._thread.start()
        self._versions = FollowedVersions(address, first.change, self._changes.put, note)
        self._versions.start()

    def stop(self) -> None:
        """Change nothing any longer; returns once a change under way is done."""
        self._versions.stop()
        self._changes.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (wanted := self._changes.get()) is not None:
            try:
                self._serve(wanted)
            except (OperatorError, OSError) as error:
                self._note(f"version {wanted.champion} cannot be served: {error}")
                self._versions.refuse(wanted.change, str(error))
            else:
                self._versions.served(wanted.change)
                self._tidy(wanted)

    def _serve(self, wanted: Wanted) -> None:
        if wanted.trial:
            raise ServeError("a version goes on trial behind a gateway, which shares out the requests: `make gateway`")
        if wanted.champion not in self._engine.loaded:
            self._engine.load(wanted.archives[0])
            ask_versions(self._engine.ports, [wanted.champion])
        if wanted.champion != self._engine.default:
            self._engine.set_default(wanted.champion)
            self._on_champion(wanted)
            self._note(f"version {wanted.champion} is served now")

    def _tidy(self, wanted: Wanted) -> None:
        """Load the way back, where it has yet to be, and end what nobody wants any more."""
        try:
            time.sleep(SETTLE_S)
            for version in set(self._engine.loaded) - set(map(version_of, wanted.archives)):
                self._engine.unload(version)
            for archive in wanted.archives[1:]:
                if version_of(archive) not in self._engine.loaded:
                    self._engine.load(archive)
        except (OperatorError, OSError) as error:
            self._note(str(error))
