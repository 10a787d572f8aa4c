"""Runs Envoy in front of nodes, with the page on the same origin, until Ctrl-C."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from model.locations import ROOT
from scripts.cli import add_allow_host_option, add_digest_option, add_engine_option, host_and_port, run
from scripts.gateway_progress import TerminalObserver
from serving.console import say
from serving.gateway.certificate import Certificate
from serving.gateway.configuration import REQUESTS_PER_NODE, Settings
from serving.gateway.description import Gateway
from serving.gateway.keys import KEY_FILE, STATE_FOLDER, KeyFile
from serving.gateway.supervisor import serve
from serving.settings import LOOPBACK, read_ports


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Serve nodes and the page through one Envoy: TLS, keys, limits, retries on another node.",
        epilog="SIGUSR1 restarts the nodes of this machine, one after the other, and loses nothing. Keys, certificate "
        "and --nodes-file are read again when they change.",
    )
    parser.add_argument("--address", default=LOOPBACK, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8443, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--metrics-address", default=LOOPBACK, help="address of the statistics for Prometheus (default: %(default)s)"
    )
    parser.add_argument("--metrics-port", type=int, help="their port (default: one above --port)")
    parser.add_argument("--nodes", type=int, help="nodes to start on this machine (default: 2; 0 with --node)")
    parser.add_argument("--node-port", type=int, help="port of the first; the next is 100 above (default: 8080)")
    parser.add_argument(
        "--node", action="append", default=[], metavar="URL", help="a node that runs elsewhere; may be repeated"
    )
    parser.add_argument("--nodes-file", type=Path, help="file with more nodes that run elsewhere, one URL a line")
    parser.add_argument(
        "--learner", type=host_and_port, metavar="HOST:PORT", help="a learner, which is then reached under /learner/"
    )
    add_allow_host_option(parser)
    parser.add_argument(
        "--no-tls", action="store_true", help="speak plain HTTP; on loopback, or anywhere with --anonymous yes"
    )
    parser.add_argument("--certificate", type=Path, help="PEM of your certificate chain (default: one of our own)")
    parser.add_argument("--private-key", type=Path, help="PEM of its private key")
    parser.add_argument(
        "--state-dir",
        type=Path,
        default=STATE_FOLDER,
        help="folder of the keys and our certificate (default: runs/gateway)",
    )
    parser.add_argument(
        "--anonymous",
        choices=("yes", "no"),
        help="whether predictions need no key (default: yes on loopback, no elsewhere)",
    )
    parser.add_argument(
        "--requests-per-s",
        type=int,
        default=1000,
        help="requests a second for each key, or each address without one; twice that at once (default: %(default)s)",
    )
    parser.add_argument(
        "--requests-per-node",
        type=int,
        default=REQUESTS_PER_NODE,
        help="requests that a node may hold; more are answered 503. Twice its workers times their batch is enough "
        "(default: %(default)s)",
    )
    add_engine_option(parser)
    parser.add_argument("--archive", type=Path, help="model archive of the nodes started here")
    add_digest_option(parser)
    parser.add_argument("--log-dir", type=Path, default=ROOT / "logs" / "gateway", help="folder for the logs")
    parser.add_argument("--timeout-s", type=float, default=180.0, help="seconds to wait for all (default: %(default)g)")
    return parser


def gateway_of(options: argparse.Namespace, parser: argparse.ArgumentParser) -> Gateway:
    """What the options ask for; ends with a usage error where they do not go together."""
    is_loopback = options.address in (LOOPBACK, "localhost")
    if options.no_tls and not is_loopback and options.anonymous != "yes":
        parser.error(
            "--no-tls is for loopback, or goes with --anonymous yes: keys would cross the network in the clear"
        )
    if (options.certificate is None) != (options.private_key is None):
        parser.error("--certificate and --private-key go together")
    for name in ("requests_per_s", "requests_per_node"):
        if (value := getattr(options, name)) < 1:
            parser.error(f"--{name.replace('_', '-')} is {value}; at least 1 is accepted")
    metrics_port = options.port + 1 if options.metrics_port is None else options.metrics_port
    if metrics_port == options.port:
        parser.error(f"--metrics-port is {metrics_port}, and so is --port; they must differ")
    elsewhere = bool(options.node or options.nodes_file)
    allows_anonymous = is_loopback if options.anonymous is None else options.anonymous == "yes"
    return Gateway(
        settings=Settings(
            options.address,
            options.port,
            page_port=0,
            grpc_port=0,
            requests_per_s=options.requests_per_s,
            allows_anonymous=allows_anonymous,
            uses_tls=not options.no_tls,
            requests_per_node=options.requests_per_node,
            metrics_address=options.metrics_address,
            metrics_port=metrics_port,
            learner=options.learner,
        ),
        local_nodes=(0 if elsewhere else 2) if options.nodes is None else options.nodes,
        ports=read_ports().moved(options.node_port, None),
        node_urls=options.node,
        nodes_file=options.nodes_file,
        key_file=KeyFile(options.state_dir / KEY_FILE),
        certificate=Certificate(options.certificate, options.private_key) if options.certificate else None,
        state_folder=options.state_dir,
        log_folder=options.log_dir,
        archive=options.archive,
        timeout_s=options.timeout_s,
        allowed_hosts=options.allow_host,
        digest=options.digest,
        engine=options.engine,
    )


def main(arguments: list[str] | None = None) -> int:
    parser = build_parser()
    gateway = gateway_of(parser.parse_args(arguments), parser)
    if not gateway.key_file.read():
        gateway.key_file.add("first", ["predict"])
    was_ready = serve(gateway, TerminalObserver(gateway))
    say("stopped" if was_ready else "stopped before it was ready")
    return 0 if was_ready else 1


if __name__ == "__main__":
    run(main)
