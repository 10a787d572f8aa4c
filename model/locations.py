"""Where the repository keeps its parts."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RELEASED = ROOT / "model" / "released"
COMPARISON = RELEASED / "networks.json"  # of trained networks, by scripts/compare.py
RUN_FOLDER = ROOT / "runs" / "digit_cnn"


def data_folder() -> Path:
    """The folder of the data, as the environment variable `DIGITS_DATA` names it, else `data`."""
    return Path(os.environ.get("DIGITS_DATA") or "data")
