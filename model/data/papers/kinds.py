"""All kinds of disturbance, registered by importing the modules that define them."""

from model.data.papers import camera, frames, lines, patterns, shadows, surfaces, things, writing
from model.data.papers.registry import FAMILIES, KINDS, Kind, seen_kinds

__all__ = [
    "FAMILIES",
    "KINDS",
    "Kind",
    "camera",
    "frames",
    "lines",
    "patterns",
    "seen_kinds",
    "shadows",
    "surfaces",
    "things",
    "writing",
]
