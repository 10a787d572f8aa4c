"""Asks a server of this machine for one prediction, as a container's health check; exit status 0 where a digit came.

Standard library only: it is run every few seconds beside a server that wants the processor.
"""

import argparse
import http.client
import json
import ssl
import sys
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

SAMPLE = Path(__file__).resolve().parents[1] / "tests" / "data" / "seven.png"
URL = "http://127.0.0.1:8080/predictions/mnist"
TIMEOUT_S = 4.0
USER_AGENT = "Envoy/HC"
"""The name by which the handler knows a health check, which it leaves out of its metrics."""


def read_digit(url: str, timeout_s: float, key: str | None = None) -> str:
    """The label that the server reads from the sample.

    Raises:
        OSError: it does not answer in time.
        ValueError: it answers something else.
    """
    # In lower case, as Envoy sends it: TorchServe hands names on as they came.
    headers = {"content-type": "image/png", "user-agent": USER_AGENT}
    if key is not None:
        headers["authorization"] = f"Bearer {key}"
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.hostname or "", parts.port, timeout_s)
    try:
        connection.request("POST", parts.path, SAMPLE.read_bytes(), headers)
        answer = connection.getresponse()
        body = answer.read()
    except http.client.HTTPException as error:
        raise ValueError(f"no answer in HTTP: {error!r}") from error
    finally:
        connection.close()
    content = json.loads(body) if answer.status == HTTPStatus.OK else None
    if not isinstance(content, dict) or not isinstance(content.get("label"), str):
        raise ValueError(f"status {answer.status}, {body[:200]!r}")
    return str(content["label"])


def _connection(scheme: str, host: str, port: int | None, timeout_s: float) -> http.client.HTTPConnection:
    """A connection whose certificate is not checked: it is this machine's, and may have another name."""
    if scheme != "https":
        return http.client.HTTPConnection(host, port, timeout=timeout_s)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)


def _predicting_key(path: Path) -> str:
    """The first key of a gateway's file that may ask for predictions.

    Raises:
        OSError: the file cannot be read.
        ValueError: it has none.
    """
    for key in json.loads(path.read_text(encoding="utf-8"))["keys"]:
        if "predict" in key["scopes"]:
            return str(key["secret"])
    raise ValueError(f"{path} has no key with the scope predict")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", nargs="?", default=URL, help="where predictions are answered (default: %(default)s)")
    parser.add_argument("--timeout-s", type=float, default=TIMEOUT_S, help="seconds to wait (default: %(default)g)")
    parser.add_argument("--keys", type=Path, help="file of a gateway's keys, one of which to send")
    options = parser.parse_args(arguments)
    try:
        key = _predicting_key(options.keys) if options.keys else None
        print(read_digit(options.url, options.timeout_s, key))
    except (OSError, ValueError) as error:
        print(f"error: {options.url}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
