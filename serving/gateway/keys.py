"""API keys of the gateway: one file, each key with a name and its scopes; made and withdrawn while the gateway runs.

The file holds the keys themselves, because Envoy compares them as they are sent, and only its owner may read it.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path

from model.errors import OperatorError
from model.locations import ROOT

SCOPES = ("predict", "correct", "teach", "admin")
"""What a key may be for; each is granted by itself."""

STATE_FOLDER = ROOT / "runs" / "gateway"
"""Where a gateway keeps its keys and its certificate unless it is told otherwise."""

KEY_FILE = "keys.json"
KEY_BYTES = 32
MAX_NAME = 64  # characters


class KeyFileError(OperatorError):
    """The file of the keys cannot be used, or has no such key."""


@dataclass(frozen=True)
class Key:
    """One API key.

    Attributes:
        name: what people call it; unique in its file.
        secret: what a client sends as `Authorization: Bearer SECRET`.
        scopes: what it is for, some of `SCOPES`.
        created: when it was made, in UTC.
    """

    name: str
    secret: str
    scopes: tuple[str, ...]
    created: str


class KeyFile:
    """The keys of one file, which is created with the first key, readable for its owner only.

    Changes replace the file as a whole, one after the other, so that a reader sees it before or after a change.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[Key]:
        """All keys, in the order in which they were made; none where there is no file yet.

        Raises:
            KeyFileError: others may read the file, or it does not hold keys.
        """
        try:
            mode = self.path.stat().st_mode
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        if mode & 0o077:
            raise KeyFileError(f"{self.path} can be read by others (mode {mode & 0o777:o}); chmod 600 it")
        try:
            return [_parse(entry) for entry in json.loads(text)["keys"]]
        except (ValueError, KeyError, TypeError) as error:
            raise KeyFileError(
                f"{self.path} does not hold keys: {error}; restore it, or delete it to begin anew"
            ) from error

    def add(self, name: str, scopes: Iterable[str]) -> Key:
        """Make a key of 256 random bits.

        Raises:
            KeyFileError: the name is taken or unusable, or a scope is unknown.
        """
        chosen = tuple(scope for scope in SCOPES if scope in set(scopes))
        if unknown := sorted(set(scopes) - set(SCOPES)):
            raise KeyFileError(f"{', '.join(unknown)} is not a scope; there are {', '.join(SCOPES)}")
        if not chosen:
            raise KeyFileError(f"a key needs at least one scope of {', '.join(SCOPES)}")
        if not (name.isprintable() and 0 < len(name) <= MAX_NAME):
            raise KeyFileError(f"a name has 1 to {MAX_NAME} printable characters, not {name[:MAX_NAME]!r}")
        with self._changing() as keys:
            if any(key.name == name for key in keys):
                raise KeyFileError(f"there is a key {name!r} already; withdraw it first, or choose another name")
            created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            key = Key(name, secrets.token_urlsafe(KEY_BYTES), chosen, created)
            keys.append(key)
        return key

    def withdraw(self, name: str) -> None:
        """Delete a key.

        Raises:
            KeyFileError: there is no key of this name.
        """
        with self._changing() as keys:
            kept = [key for key in keys if key.name != name]
            if len(kept) == len(keys):
                names = ", ".join(repr(key.name) for key in keys) or "none"
                raise KeyFileError(f"there is no key {name!r}; there are: {names}")
            keys[:] = kept

    @contextmanager
    def _changing(self) -> Iterator[list[Key]]:
        """The keys, to be changed in place; written back at the end unless an error came."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path.with_name(self.path.name + ".lock"), "w", opener=_private) as lock:
            flock(lock, LOCK_EX)
            keys = self.read()
            yield keys
            new = self.path.with_name(self.path.name + ".new")
            with open(new, "w", encoding="utf-8", opener=_private) as file:
                json.dump({"keys": [asdict(key) for key in keys]}, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)


def _parse(entry: dict[str, object]) -> Key:
    name, secret, created = (str(entry[field]) for field in ("name", "secret", "created"))
    scopes = entry["scopes"]
    if not isinstance(scopes, list) or not set(scopes) <= set(SCOPES):
        raise ValueError(f"the scopes of {name!r} are {scopes!r}")
    return Key(name, secret, tuple(scopes), created)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
