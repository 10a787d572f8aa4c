"""Makes, lists and withdraws API keys of a gateway or a learner; either takes over each change within a second."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from scripts.cli import run
from serving.gateway.keys import KEY_FILE, SCOPES, STATE_FOLDER, KeyFile


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--state-dir", type=Path, default=STATE_FOLDER, help="as of the gateway (default: runs/gateway)"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="make a key and print it")
    make.add_argument("name", help="what people call it, say the name of who gets it")
    make.add_argument(
        "--scope", action="append", choices=SCOPES, help="what it is for; may be repeated (default: predict)"
    )
    listing = commands.add_parser("list", help="list the keys, without their secrets")
    listing.add_argument("--json", action="store_true", help="as JSON")
    withdraw = commands.add_parser("withdraw", help="withdraw a key: it is refused from then on")
    withdraw.add_argument("name")
    return parser


def main(arguments: list[str] | None = None) -> int:
    options = build_parser().parse_args(arguments)
    keys = KeyFile(options.state_dir / KEY_FILE)
    if options.command == "make":
        print(keys.add(options.name, options.scope or ["predict"]).secret)
    elif options.command == "withdraw":
        keys.withdraw(options.name)
    else:
        entries = [asdict(key) for key in keys.read()]
        for entry in entries:
            del entry["secret"]
        text = [f"{e['created']}  {e['name']}  {', '.join(e['scopes'])}" for e in entries]
        print(json.dumps(entries, indent=1) if options.json else "\n".join(text) or "no keys")
    return 0


if __name__ == "__main__":
    run(main)
