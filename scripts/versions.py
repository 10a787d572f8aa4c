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
from release.versions.registry import Registry
from scripts.cli import run
from scripts.versions_options import build_parser
from serving.console import Waiting, say

SERVED = {"promote", "try", "drop", "rollback"}
CHANGES = SERVED | {"add"}


def main(arguments: list[str] | None = None) -> int:
    options = build_parser(__doc__).parse_args(arguments)
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
