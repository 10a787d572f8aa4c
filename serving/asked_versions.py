"""Asks a server that has just loaded versions for a real picture, before anyone else does: it warms them up, too."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import quote

from model.artifacts import MODEL_NAME
from serving.settings import LOOPBACK, SAMPLE, Ports, ServeError

TIMES = 8
"""How often each version is asked, so that each of its workers is likely to be."""

TIMEOUT_S = 20.0


def ask_versions(ports: Ports, versions: Iterable[str]) -> None:
    """Ask each of the versions that a server has loaded to read a picture.

    Raises:
        ServeError: one does not answer, or under another name.
    """
    picture = SAMPLE.read_bytes()
    connection = http.client.HTTPConnection(LOOPBACK, ports.inference, timeout=TIMEOUT_S)
    try:
        for version in versions:
            for _ in range(TIMES):
                connection.request("POST", f"/predictions/{MODEL_NAME}/{quote(version)}", picture)
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != HTTPStatus.OK:
                    raise ServeError(f"version {version} answers a picture by {answer.status}: {body[:200]!r}")
                if (named := json.loads(body).get("version")) != version:
                    raise ServeError(f"version {version} answers as version {named}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ServeError(f"version {version} does not answer a picture: {error!r}") from error
    finally:
        connection.close()
