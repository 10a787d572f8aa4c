"""Packs the released network and its handler into a model archive; the same inputs give the same bytes."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from model.artifacts import sha256_of
from model.locations import RELEASED
from release.archive import DEFAULT_ARCHIVE, build_archive
from scripts.cli import run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--released", type=Path, default=RELEASED, help="folder of the network and its metadata")
    parser.add_argument("--output", type=Path, default=DEFAULT_ARCHIVE, help="the archive to write")
    options = parser.parse_args()

    archive = build_archive(options.output, options.released)
    print(f"{archive} ({archive.stat().st_size:,} bytes, SHA-256 {sha256_of(archive)})")
    return 0


if __name__ == "__main__":
    run(main)
