"""What the command lines of this folder share: how they end, and the options that several of them take."""

import argparse
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from model.errors import ArtifactError
from model.locations import data_folder
from release.archive_digest import parse_digest
from serving.console import fail, run
from serving.engines import ENGINES, TORCHSERVE
from serving.hosts import TUNNEL_DOMAINS, check_allowed, check_endpoint
from serving.settings import ServeError

__all__ = [
    "add_allow_endpoint_option",
    "add_allow_host_option",
    "add_data_option",
    "add_dataclass_options",
    "add_digest_option",
    "add_engine_option",
    "dataclass_values",
    "fail",
    "host_and_port",
    "run",
]


def add_allow_host_option(parser: argparse.ArgumentParser) -> None:
    """Add `--allow-host`, a list of further names that the page is served under."""
    parser.add_argument(
        "--allow-host",
        type=_host_name,
        action="append",
        default=[],
        metavar="NAME",
        help="serve the page under this name too, say that of a proxy; .NAME for all names under it; may be repeated "
        f"(always: localhost and 127.0.0.1 with any port, and names that end in {', '.join(TUNNEL_DOMAINS)})",
    )


def add_allow_endpoint_option(parser: argparse.ArgumentParser) -> None:
    """Add `--allow-endpoint`, a list of other recognisers that the page may ask."""
    parser.add_argument(
        "--allow-endpoint",
        type=endpoint,
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let the page ask this recogniser too, where its address ends in ?endpoint=ORIGIN; may be repeated",
    )


def add_engine_option(parser: argparse.ArgumentParser) -> None:
    """Add `--engine`, what serves the archive."""
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default=TORCHSERVE,
        help="what serves the archive; docs/engines.md tells what each gives up (default: %(default)s)",
    )


def host_and_port(text: str) -> tuple[str, int]:
    """An option's type: `HOST:PORT`."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 2**16:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, say 127.0.0.1:8090")
    return host, int(port)


def _host_name(text: str) -> str:
    try:
        return check_allowed(text)
    except ServeError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def endpoint(text: str) -> str:
    try:
        return check_endpoint(text)
    except ServeError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_digest_option(parser: argparse.ArgumentParser) -> None:
    """Add `--digest`, which the archive must have."""
    parser.add_argument(
        "--digest",
        type=_digest,
        metavar="sha256:HEX",
        help="digest that the archive must have (default: the one in the file ARCHIVE.sha256 beside it)",
    )


def _digest(text: str) -> str:
    try:
        return f"sha256:{parse_digest(text)}"
    except ArtifactError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Add `--data`, the folder that holds MNIST/raw."""
    parser.add_argument(
        "--data",
        type=Path,
        default=data_folder(),
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
