"""Where the repository keeps its parts."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RELEASED = ROOT / "model" / "released"
RUN_FOLDER = ROOT / "runs" / "digit_cnn"
