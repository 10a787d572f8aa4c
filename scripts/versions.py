"""Lists versions of the network, makes one champion, tries one beside it, and takes it back."""

import argparse
import json
import os
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from release.versions.changing import Done, RefusedError, change, checked
from release.versions.listing import as_json, findings_text, history_text, list_text, listed, told
from release.versions.mirroring import mirror
from release.versions.registry import MAX_SHARE, Registry
from scripts.cli import run
from serving.console import Waiting, say

SERVED = {"promote", "try", "drop", "rollback"}
CHANGES = SERVED | {"add"}


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="The registry is runs/learner (DIGITS_STATE names another folder), its database there too, or what "
        "DATABASE_URL names (postgresql://...). Exit status: 0 done, 1 refused or failed, 2 wrong usage.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("list", help="the versions with their figures, the trial, the servers (default)")
    add = commands.add_parser("add", help="add an exported network")
    add.add_argument("folder", type=Path, help="where `make export` left mnist.pt and mnist.json")
    add.add_argument("--name", help="of the version (default: the one in mnist.json)")
    add.add_argument("--parent", help="version that it was taught from")
    for command, text in (
        ("show", "all that is known of a version"),
        ("check", "ask a version what it must read, beside the champion"),
        ("promote", "check a version, then make it champion"),
        ("remove", "delete a version that was never served"),
    ):
        commands.add_parser(command, help=text).add_argument("version")
    trial = commands.add_parser("try", help="check a version, then let it answer a share of a gateway's requests")
    trial.add_argument("version")
    trial.add_argument(
        "--share",
        type=int,
        default=10,
        help=f"per cent of the requests, 0 to {MAX_SHARE}; 0: it is asked and compared, never answered "
        "(default: %(default)s)",
    )
    commands.add_parser("drop", help="end the trial")
    commands.add_parser("rollback", help="make the champion before this one champion again")
    commands.add_parser("history", help="the latest changes")
    return parser


def main(arguments: list[str] | None = None) -> int:
    options = build_parser().parse_args(arguments)
    try:
        with closing(Registry.open()) as registry:
            content, text = answer(options, registry)
            if options.command in CHANGES and (mirrored := mirror(registry)):
                say(mirrored)
    except RefusedError as error:
        if found := error.findings:
            print(json.dumps(list(map(asdict, found)), indent=1) if options.json else findings_text(found))
        raise
    print(json.dumps(content, indent=1) if options.json else text)
    return 0


def answer(options: argparse.Namespace, registry: Registry) -> tuple[object, str]:
    """Do what is asked; returns what there is to say, for programs and for people."""
    if options.command in SERVED:
        return told(serve(options, registry))
    match options.command:
        case "show":
            content: object = as_json(registry.version(options.version))
            return content, json.dumps(content, indent=1)
        case "add":
            version = registry.add(options.folder, options.name, options.parent)
            return as_json(version), f"version {version.name} is in the registry; make promote VERSION={version.name}"
        case "remove":
            registry.remove(options.version)
            return {"removed": options.version}, f"version {options.version} is removed"
        case "check":
            findings = checked(registry, options.version)
            return [asdict(finding) for finding in findings], findings_text(findings)
        case "history":
            changes = registry.history()
            return [asdict(one) | {"at": one.at.isoformat()} for one in changes], history_text(changes)
    everything = listed(registry)
    return everything, list_text(everything)


def serve(options: argparse.Namespace, registry: Registry) -> Done:
    """Change what is served, after the checks where another version is to come."""
    by = os.environ.get("USER") or f"user {os.getuid()}"
    if options.command in ("promote", "try"):
        say(f"checking version {options.version}")
        checked(registry, options.version)
    make = {
        "promote": lambda: registry.promote(options.version, by),
        "try": lambda: registry.start_trial(options.version, options.share, by),
        "drop": lambda: registry.end_trial(by),
        "rollback": lambda: registry.rollback(by),
    }[options.command]
    return change(registry, make, Waiting("waiting for the servers").show)


if __name__ == "__main__":
    run(main)
