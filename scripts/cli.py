"""What the command lines share: how they fail, and the options that several of them take."""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from model.errors import InvalidImage, OperatorError
from serving.console import explain, say


def run(main: Callable[[], int]) -> None:
    """Run a command line to its exit status; an error that a person can mend becomes one line on stderr and 1."""
    try:
        status = main()
    except (OperatorError, InvalidImage) as error:
        status = fail(str(error))
    except OSError as error:
        status = fail(explain(error))
    except KeyboardInterrupt:
        status = fail("interrupted")
    sys.exit(status)


def fail(message: str) -> int:
    """Tell what went wrong in one line; returns the exit status for it."""
    say(f"error: {message}")
    return 1


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Add `--data`, the folder that holds MNIST/raw."""
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get("DIGITS_DATA") or "data"),
        help="folder that holds MNIST/raw, or that it is downloaded to (default: DIGITS_DATA, else data)",
    )


def add_dataclass_options(parser: argparse.ArgumentParser, configuration: Any) -> None:
    """Add an option for each field of a dataclass that has a `help` in its metadata, and `choices` where it has any."""
    for field in _offered(configuration):
        parser.add_argument(
            "--" + field.name.replace("_", "-"),
            type=type(field.default),
            choices=field.metadata.get("choices"),
            default=field.default,
            help=field.metadata["help"],
        )


def dataclass_values(options: argparse.Namespace, configuration: Any) -> dict[str, Any]:
    """The values of these options, by the names of their fields."""
    return {field.name: getattr(options, field.name) for field in _offered(configuration)}


def _offered(configuration: Any) -> list[Field[Any]]:
    return [field for field in fields(configuration) if "help" in field.metadata]
