"""Which data a command line can measure on."""

from pathlib import Path

from model.data.digits import load_pen
from model.errors import DataError
from serving.console import say


def has_pen(data: Path) -> bool:
    """Whether the pen strokes are there or can be fetched; where not, says that they are left out, and why."""
    try:
        load_pen(data)
    except DataError as error:
        say(f"measured without pen strokes: {error}")
        return False
    return True
