"""The options of scripts/versions.py."""

import argparse
from pathlib import Path

from release.versions.deployments import MAX_SHARE


def build_parser(description: str | None) -> argparse.ArgumentParser:
    """A command for each of what can be asked; `--json` may stand before it and behind it."""
    parser = argparse.ArgumentParser(
        description=description,
        epilog="The registry is runs/learner (DIGITS_STATE names another folder), its database there too, or what "
        "DATABASE_URL names (postgresql://...). Exit status: 0 done, 1 refused or failed, 2 wrong usage.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    shared = argparse.ArgumentParser(add_help=False)
    # No default: it would undo a --json before the command.
    shared.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser(
        "list", parents=[shared], help="the versions with their figures, the trial, the servers (default)"
    )
    add = commands.add_parser("add", parents=[shared], help="add an exported network")
    add.add_argument("folder", type=Path, help="where `make export` left mnist.pt and mnist.json")
    add.add_argument("--name", help="of the version (default: the one in mnist.json)")
    add.add_argument("--parent", help="version that it was taught from")
    for command, text in (
        ("show", "all that is known of a version"),
        ("check", "ask a version what it must read, beside the champion"),
        ("promote", "check a version, then make it champion"),
        ("remove", "delete a version that was never served"),
    ):
        commands.add_parser(command, parents=[shared], help=text).add_argument("version")
    trial = commands.add_parser(
        "try", parents=[shared], help="check a version, then let it answer a share of a gateway's requests"
    )
    trial.add_argument("version")
    trial.add_argument(
        "--share",
        type=int,
        default=10,
        help=f"per cent of the requests, 0 to {MAX_SHARE}; 0: it is asked and compared, never answered "
        "(default: %(default)s)",
    )
    commands.add_parser("drop", parents=[shared], help="end the trial")
    commands.add_parser("rollback", parents=[shared], help="make the champion before this one champion again")
    commands.add_parser("history", parents=[shared], help="the latest changes")
    return parser
