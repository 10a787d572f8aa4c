"""Asks a server many requests drawn from a seed and prints hashes of its answers, or compares them with another's.

It proves that a refactoring changes no answer: start a server of the code before it and one of the code after it, and
name both. Each 200 answer must be the same byte for byte, each other one the same status and type; messages of errors
that changed are listed. A server is asked one request at a time over one connection, so that none shares a batch, where
the last digits of a number may depend on its neighbours. gRPC is not asked.
"""

import argparse
import time
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from tqdm import tqdm

from benchmarks.answer_comparison import Answer, Comparison, Tally
from benchmarks.answer_requests.bodies import Request
from benchmarks.answer_requests.sequence import Requests
from model.artifacts import write_json
from model.errors import OperatorError
from model.locations import data_folder
from serving.console import run, say
from serving.settings import read_ports

TIMEOUT_S = 60.0
SHOWN_DIFFERENCES = 10
SHORT_HASH = 16  # characters, in the table


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Exit status: 0 all asked and nothing different, 1 failed or different, 2 wrong usage.",
    )
    parser.add_argument(
        "--address", type=_address, default=read_ports().api_url, help="of the server (default: %(default)s)"
    )
    parser.add_argument("--against", type=_address, help="address of a server to compare with, say of older code")
    parser.add_argument("--requests", type=_count, default=20_000, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--seed", type=_count, default=1, help="of the requests (default: %(default)s)")
    parser.add_argument(
        "--data",
        type=Path,
        default=data_folder(),
        help="folder of MNIST/raw and pendigits; what it lacks is left out (default: DIGITS_DATA, else data)",
    )
    parser.add_argument("--output", type=Path, metavar="FILE.json", help="file to write it all to as well")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    options = build_parser().parse_args(arguments)
    requests = Requests(options.seed, options.data)
    if requests.left_out:
        say(f"left out: {'; '.join(requests.left_out)} ({options.data} lacks the data; set DIGITS_DATA or --data)")
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)  # rather than fail when all is asked
    addresses = [options.address, *([options.against] if options.against else [])]
    started = time.monotonic()
    total, kinds, comparison = ask_all(requests, options.requests, addresses)
    print(render(addresses, total, kinds))
    if options.against:
        print(render_comparison(comparison))
    if options.output:
        result = {
            "seed": options.seed,
            "left_out": requests.left_out,
            "seconds": round(time.monotonic() - started, 1),
            "addresses": addresses,
            "total": total.as_json(),
            "kinds": {kind: tally.as_json() for kind, tally in kinds.items()},
            **comparison.as_json(),
        }
        write_json(options.output, result)
        say(f"written: {options.output}")
    return 1 if comparison.differences else 0


def ask_all(requests: Requests, count: int, addresses: Sequence[str]) -> tuple[Tally, dict[str, Tally], Comparison]:
    """Ask each server the same requests; what came of them all, of each kind, and of the first against the last.

    Raises:
        OperatorError: a server gave no answer.
    """
    connections = [HTTPConnection(urlsplit(address).netloc, timeout=TIMEOUT_S) for address in addresses]
    total, kinds, comparison = Tally(len(addresses)), dict[str, Tally](), Comparison()
    try:
        for number in tqdm(range(count), desc="asking", unit=" requests"):
            kind, request = requests.kind(number), requests.make(number)
            answers = [ask(connection, request, f"request {number} ({kind})") for connection in connections]
            total.add(request, answers)
            kinds.setdefault(kind, Tally(len(addresses))).add(request, answers)
            comparison.add(number, kind, answers[0], answers[-1])
    finally:
        for connection in connections:
            connection.close()
    return total, kinds, comparison


def ask(connection: HTTPConnection, request: Request, what: str) -> Answer:
    """Post a request; `what` names it in errors. The connection opens itself again where the server closed it.

    Raises:
        OperatorError: there is no answer.
    """
    try:
        connection.request("POST", request.path, request.body, {"Content-Type": request.content_type})
        response = connection.getresponse()
        return Answer(response.status, response.headers.get("content-type", ""), response.read())
    except (OSError, HTTPException) as error:
        server, reason = f"http://{connection.host}:{connection.port}", str(error) or type(error).__name__
        raise OperatorError(f"{server} gives no answer to {what}: {reason}; `make serve` starts a server") from error


def render(addresses: Sequence[str], total: Tally, kinds: dict[str, Tally]) -> str:
    """The table of the kinds and the totals with whole hashes."""
    width = max(len(kind) for kind in kinds)
    columns = ["answers", "answers before"][: len(addresses)]
    lines = [f"{'kind':{width}}  {'n':>6}  {'200':>6}  " + "  ".join(f"{name:16}" for name in ["requests", *columns])]
    for kind, tally in kinds.items():
        hashes = [tally.requests, *tally.answers]
        shorts = "  ".join(one.hexdigest()[:SHORT_HASH] for one in hashes)
        lines.append(f"{kind:{width}}  {tally.count:6,}  {tally.good[0]:6,}  {shorts}")
    lines += ["", f"{total.count:,} requests, SHA-256 {total.requests.hexdigest()}"]
    for index, address in enumerate(addresses):
        lines += [
            f"answers of {address}, SHA-256 {total.answers[index].hexdigest()}",
            f"  the {total.good[index]:,} of status 200, SHA-256 {total.good_answers[index].hexdigest()}",
        ]
    return "\n".join(lines)


def render_comparison(comparison: Comparison) -> str:
    """What differs between the two servers, in lines for people."""
    differences, messages = comparison.differences, comparison.messages.values()
    lines = ["", f"{len(differences):,} answers differ in their status or type, or are 200 answers of other bytes"]
    for one in differences[:SHOWN_DIFFERENCES]:
        lines += [f"  number {one.number}, {one.kind}", f"    before: {one.before}", f"    now:    {one.now}"]
    if len(differences) > SHOWN_DIFFERENCES:
        lines.append(f"  and {len(differences) - SHOWN_DIFFERENCES:,} more")
    lines.append(f"{sum(one.count for one in messages):,} errors differ in their message only, which is no failure")
    for message in messages:
        lines.append(f"  {message.count:,} times {message.status} {message.type}, say of number {message.number}:")
        lines += [f"    before: {message.before}", f"    now:    {message.now}"]
    return "\n".join(lines)


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/"):
        raise argparse.ArgumentTypeError(f"{text!r} is not an address; http://HOST:PORT is accepted")
    return f"http://{parts.hostname}:{parts.port or 80}"


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{count} is too few; whole numbers from 1 on are accepted")
    return count


if __name__ == "__main__":
    run(main)
