"""Versions that must not be served: broken, mismatched, slow and worse ones."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from benchmarks.torchserve import repacked
from model.artifacts import LABELS_FILE, METADATA_FILE, read_json, sha256_of, write_json
from model.locations import RELEASED, ROOT
from release.archive import HANDLER
from release.archive_digest import write_sidecar
from release.versions.locations import store_folder
from release.versions.registry import Registry
from release.versions.store import ARCHIVE
from release.versions.tables import VersionRow

STAGES = "handler/stages.py"
SLOW_DECODING = """

import time

_decode_at_once = decode


def decode(pictures):
    time.sleep(0.05)
    return _decode_at_once(pictures)
"""
BROKEN_HANDLER = "raise RuntimeError('this handler is broken')\n"


def offer_all(registry: Registry, folder: Path) -> list[str]:
    """Add a version of each kind; returns their names. All digests are right."""
    registry.add(RELEASED, "broken")
    replace_in_archive(registry, "broken", {HANDLER.name: BROKEN_HANDLER})
    registry.add(RELEASED, "slow")
    stages = (ROOT / STAGES).read_text(encoding="utf-8")
    replace_in_archive(registry, "slow", {STAGES: f"{stages}{SLOW_DECODING}"})
    registry.add(_measured_worse(folder), "worse")
    registry.add(RELEASED, "mismatched")
    labels = {str(index): name for index, name in enumerate("abcdefghij")}
    replace_in_archive(registry, "mismatched", {LABELS_FILE: json.dumps(labels)})
    return ["broken", "slow", "worse", "mismatched"]


def _measured_worse(folder: Path) -> Path:
    """A copy of the released network whose metadata tells of more errors."""
    copy = folder / "exported"
    shutil.copytree(RELEASED, copy)
    metadata = read_json(copy / METADATA_FILE)
    metadata["metrics"]["MNIST validation"]["accuracy"] -= 0.01
    write_json(copy / METADATA_FILE, metadata)
    return copy


def replace_in_archive(registry: Registry, name: str, replaced: Mapping[str, str]) -> None:
    """Give some files of a version's archive another content, and the registry the digest of that."""
    archive = store_folder() / name / ARCHIVE
    whole = archive.with_name("whole.mar")
    archive.rename(whole)
    write_sidecar(whole)
    repacked(whole, replaced, archive)
    with registry._database.writing() as session:
        session.get_one(VersionRow, name).sha256 = sha256_of(archive)
