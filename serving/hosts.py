"""Which names the page's server answers to; another is refused, since it may be a stranger's.

A browser lets a site ask its own name, and the site's owner may point that name at 127.0.0.1 (DNS rebinding). So only
names are answered that no stranger can point at this machine, and those that the operator allows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.settings import ServeError

TUNNEL_DOMAINS = (".app.github.dev", ".devtunnels.ms", ".gitpod.io")
"""Code spaces and VS Code's tunnels; their owners alone decide where a name under them leads."""

_HOST = re.compile(r"(?:\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+?)\.?)(?::\d*)?", re.IGNORECASE)
_ENDPOINT = re.compile(r"https?://(?:\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::\d{1,5})?", re.IGNORECASE)
_ALLOWED = re.compile(r"\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*", re.IGNORECASE)


class AnsweredHosts:
    """Middleware that answers 403 to a request whose `Host` is neither of this machine, of a tunnel nor allowed.

    Args:
        app: gets all other requests.
        allowed: names without a port; one that begins with a dot stands for all names under it.
    """

    def __init__(self, app: ASGIApp, allowed: Sequence[str]) -> None:
        self._app, self._allowed = app, allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._refusal(scope) if scope["type"] == "http" else None
        await (answer or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        if not scope["raw_path"].startswith(b"/"):  # an absolute URL: this is no proxy
            return PlainTextResponse("The path must begin with a slash.\n", 400)
        host = Headers(scope=scope).get("Host", "")
        if is_answered(host, self._allowed):
            return None
        seen, example = (host, name_of(host)) if name_of(host) else ("of this request", "NAME")
        return PlainTextResponse(
            f"The page is not served under the host {seen}, only under localhost, 127.0.0.1 and [::1] with any port, "
            f"and under names that end in {', '.join(TUNNEL_DOMAINS)}.\n"
            f"Allow another one: make serve ALLOW_HOST={example} (python scripts/serve.py --allow-host {example}).\n",
            403,
        )


def is_answered(host: str, allowed: Sequence[str]) -> bool:
    """Whether a request with this `Host` is answered, whatever its port."""
    name = name_of(host)
    if not name:
        return False
    return is_loopback(name) or any(
        name.endswith(one) if one.startswith(".") else name == one for one in (*TUNNEL_DOMAINS, *allowed)
    )


def is_loopback(name: str) -> bool:
    """Whether every browser takes this name or address for its own machine, without asking a name server."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def name_of(host: str) -> str:
    """The name or address in a `Host` header, in lower case; empty where the header has another form."""
    match = _HOST.fullmatch(host)
    return (match["ipv6"] or match["name"]).lower() if match else ""


def check_allowed(name: str) -> str:
    """A name to allow, in lower case.

    Raises:
        ServeError: it is not the name of a host.
    """
    if not _ALLOWED.fullmatch(name):
        raise ServeError(
            f"{name!r} is not the name of a host; accepted are names without scheme, port and path, say "
            "digits.example, or .digits.example for all names under it"
        )
    return name.lower()


def check_endpoint(url: str) -> str:
    """An origin that the page may ask beside its own, in lower case.

    Raises:
        ServeError: it is not an origin.
    """
    if not _ENDPOINT.fullmatch(url):
        raise ServeError(
            f"{url!r} is not the origin of a recogniser; accepted are scheme, host and port without a path, say "
            "https://api.example or http://127.0.0.1:8180"
        )
    return url.lower()
