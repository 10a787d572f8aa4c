"""Versions that must not be served: broken, unservable, mismatched, slow and worse ones."""

from __future__ import annotations

import json
from collections.abc import Mapping

from benchmarks.torchserve import repacked
from model.artifacts import LABELS_FILE, METADATA_FILE, read_json, sha256_of
from model.locations import RELEASED, ROOT
from release.archive import HANDLER
from release.archive_digest import write_sidecar
from release.versions.locations import store_folder
from release.versions.registry import Registry
from release.versions.store import ARCHIVE
from release.versions.tables import VersionRow

OFFERS = ("broken", "unservable", "slow", "worse", "mismatched")
"""The names of what `offer` adds: `unservable` passes the checks and fails where TorchServe loads it."""

STAGES = "handler/stages.py"
SLOW_DECODING = """

import time

_decode_at_once = decode


def decode(pictures):
    time.sleep(0.05)
    return _decode_at_once(pictures)
"""
BROKEN_HANDLER = "raise RuntimeError('this handler is broken')\n"
UNSERVABLE_HANDLER = """
import sys

if not sys.argv[0].endswith("answer.py"):
    raise RuntimeError("this handler is no server's")
"""


def offer(registry: Registry, name: str) -> None:
    """Add the version of this name, one of `OFFERS`, with the right digest."""
    registry.add(RELEASED, name)
    replace_in_archive(registry, name, _replaced(name))


def _replaced(name: str) -> dict[str, str]:
    """What such a version's archive has otherwise than the released one, by the file."""
    if name == "broken":
        return {HANDLER.name: BROKEN_HANDLER}
    if name == "unservable":
        return {HANDLER.name: HANDLER.read_text(encoding="utf-8") + UNSERVABLE_HANDLER}
    if name == "slow":
        return {STAGES: (ROOT / STAGES).read_text(encoding="utf-8") + SLOW_DECODING}
    if name == "mismatched":
        return {LABELS_FILE: json.dumps({str(index): letter for index, letter in enumerate("abcdefghij")})}
    metadata = read_json(RELEASED / METADATA_FILE)
    metadata["metrics"]["MNIST validation"]["accuracy"] -= 0.01
    return {METADATA_FILE: json.dumps(metadata)}


def replace_in_archive(registry: Registry, name: str, replaced: Mapping[str, str]) -> None:
    """Give some files of a version's archive another content, and the registry the digest of that."""
    archive = store_folder() / name / ARCHIVE
    whole = archive.with_name("whole.mar")
    archive.rename(whole)
    write_sidecar(whole)
    repacked(whole, replaced, archive)
    with registry._database.writing() as session:
        session.get_one(VersionRow, name).sha256 = sha256_of(archive)
