"""Runs the learner: takes in corrections, teaches them to the champion, and promotes what passes the gate."""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from learner.backup import back_up, restore
from learner.jobs.process import MANY, ONE
from learner.run import Learner, serve
from release.versions.locations import DATABASE_VARIABLE, STATE_VARIABLE, state_folder
from scripts.cli import add_allow_host_option, run
from serving.console import say
from serving.gateway.keys import KEY_FILE
from serving.settings import LOOPBACK
from serving.stop_signals import on_stop_signals


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=f"Corrections, jobs and versions are in SQLite in the folder {STATE_VARIABLE} (default: runs/learner), "
        f"or in the PostgreSQL that {DATABASE_VARIABLE} names. Without a command it serves.",
    )
    parser.add_argument("--address", default=LOOPBACK, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8090, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--origin",
        action="append",
        metavar="URL",
        help="a page whose scripts may ask; may be repeated (default: http://127.0.0.1:8000)",
    )
    parser.add_argument(
        "--keys", type=Path, help=f"file of the keys, shared with a gateway (default: {KEY_FILE} in the state folder)"
    )
    parser.add_argument(
        "--promote",
        choices=("yes", "no"),
        help="whether what passes the gate is served at once (default: yes on loopback, no elsewhere and with --keys)",
    )
    add_allow_host_option(parser)
    commands = parser.add_subparsers(dest="command")
    backing_up = commands.add_parser("backup", help="write corrections, jobs and versions of SQLite into one file")
    backing_up.add_argument("file", type=Path, help="the .tgz to write")
    restoring = commands.add_parser("restore", help="bring back what a backup holds, where there is nothing yet")
    restoring.add_argument("file", type=Path, help="the .tgz to read")
    return parser


def main(arguments: list[str] | None = None) -> int:
    options = build_parser().parse_args(arguments)
    if options.command == "backup":
        say(back_up(options.file))
        return 0
    if options.command == "restore":
        say(restore(options.file))
        return 0
    is_alone = options.address == LOOPBACK and options.keys is None
    learner = Learner(
        address=options.address,
        port=options.port,
        origins=options.origin or [f"http://{LOOPBACK}:8000"],
        hosts=options.allow_host,
        keys=options.keys or state_folder() / KEY_FILE,
        promotes=is_alone if options.promote is None else options.promote == "yes",
        whose=ONE if is_alone else MANY,
    )
    on_stop_signals(learner.stop)

    def ready(url: str) -> None:
        print(f"Learner:  {url}\nKeys:     {learner.keys} (scripts/keys.py makes others)")
        print(f'Try:      curl -H "Authorization: Bearer KEY" {url}/versions\nCtrl-C stops everything.', flush=True)

    serve(learner, ready, say)
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    run(main)
