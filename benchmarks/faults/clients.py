"""Clients that ask a gateway without pause over HTTP/1.1, HTTP/2 or gRPC, and check every answer."""

from __future__ import annotations

import asyncio
import json
import math
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import grpc
import httpx

from benchmarks.faults.gateway_process import GatewayProcess
from model.artifacts import MODEL_NAME
from serving.grpc_client import PACKAGE, PROTO, SERVICE
from serving.grpc_messages import message_classes

RIGHT = "right"
REFUSED = "refused, to be asked again:"
"""Begins the outcome of a request that was told by `Retry-After` to come again, where that is no loss."""

TIMEOUT_S = 30.0
RECONNECT_S = 0.05

Ask = Callable[[bytes], Awaitable[tuple[str, str]]]
"""Sends a body; gives the label that came back, or empty and what came instead."""


Pictures = Sequence[tuple[str, bytes]]
"""Labels and PNGs."""


@dataclass(frozen=True)
class Part:
    """So many clients of one kind.

    Attributes:
        protocol: HTTP/1.1, HTTP/2 or gRPC.
        clients: each with one connection.
        body_bytes: a picture is padded to this size.
    """

    protocol: str
    clients: int
    body_bytes: int


PLAN = (
    Part("HTTP/1.1", 16, 1_000),
    Part("HTTP/2", 64, 1_000),
    Part("gRPC", 16, 200_000),
    Part("HTTP/1.1", 64, 200_000),
    Part("HTTP/2", 16, 200_000),
    Part("gRPC", 64, 1_000),
)
"""The combinations, one after the other, each with the same share of the requests."""


@dataclass
class Tally:
    """What came back: outcomes with their number, the seconds that each request took, and what else there is to say."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def lost(self) -> dict[str, int]:
        """Every outcome but the right one, and a refusal that is no loss."""
        return {
            outcome: count for outcome, count in self.outcomes.items() if outcome != RIGHT and REFUSED not in outcome
        }

    def percentile_s(self, share: float) -> float:
        """The seconds that this share of the requests took at most."""
        return sorted(self.seconds)[math.ceil(share * len(self.seconds)) - 1]


async def ask_all(gateway: GatewayProcess, pictures: Pictures, part: Part, requests: int) -> Tally:
    """Send requests by the clients of one part.

    Args:
        gateway: any, with a key where it asks for one.
        pictures: sent in turn.
        part: how.
        requests: how many in all.
    """
    tally = Tally()
    left = iter(range(requests))
    padded = [(label, png + bytes(max(0, part.body_bytes - len(png)))) for label, png in pictures]

    start = asyncio.Barrier(part.clients)  # setting up TLS would hold up those that ask already
    access = _Access(gateway)

    async def client() -> None:
        async with _asking(access, part.protocol) as ask:
            await start.wait()
            for number in left:
                label, body = padded[number % len(padded)]
                started = time.monotonic()
                try:
                    seen, instead = await ask(body)
                    outcome = RIGHT if seen == label else instead or f"read as {seen}"
                except (httpx.HTTPError, OSError) as error:
                    outcome = type(error).__name__
                    await asyncio.sleep(RECONNECT_S)
                tally.seconds.append(time.monotonic() - started)
                tally.outcomes[outcome] += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(part.clients):
            group.create_task(client())
    return tally


class _Access:
    """What all clients of a gateway share: its address, its key, its certificate."""

    def __init__(self, gateway: GatewayProcess) -> None:
        keys = gateway.keys.read()
        self.url, self.host = gateway.predictions_url, gateway.url.partition("://")[2]
        self.headers = {"authorization": f"Bearer {keys[0].secret}"} if keys else {}
        self.pem = gateway.certificate.read_bytes()
        self.tls = ssl.create_default_context(cadata=self.pem.decode("ascii"))


async def labelled(gateway: GatewayProcess, pictures: Sequence[bytes]) -> list[tuple[str, bytes]]:
    """Pictures with what is read in each while nothing is wrong."""
    async with _asking(_Access(gateway), "HTTP/1.1") as ask:
        return [((await ask(picture))[0], picture) for picture in pictures]


@asynccontextmanager
async def _asking(access: _Access, protocol: str) -> AsyncIterator[Ask]:
    if protocol == "gRPC":
        async with _asking_by_grpc(access) as ask:
            yield ask
        return
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
    async with httpx.AsyncClient(
        http2=protocol == "HTTP/2",
        verify=access.tls,
        headers=access.headers,
        limits=limits,
        timeout=TIMEOUT_S,
        trust_env=False,
    ) as client:

        async def ask(body: bytes) -> tuple[str, str]:
            answer = await _connected(lambda: client.post(access.url, content=body))
            if answer.status_code == 200:
                return str(answer.json()["label"]), ""
            return "", f"{answer.status_code} {answer.text[:160]}"

        yield ask


async def _connected(post: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """The answer; where no connection can be made, nothing was sent, and it is tried again."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            return await post()
        except httpx.ConnectError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(RECONNECT_S)


@asynccontextmanager
async def _asking_by_grpc(access: _Access) -> AsyncIterator[Ask]:
    messages = _messages()
    request, response = messages[f"{PACKAGE}.PredictionsRequest"], messages[f"{PACKAGE}.PredictionResponse"]
    options = [("grpc.use_local_subchannel_pool", 1)]  # a connection of its own
    metadata = list(access.headers.items())
    async with grpc.aio.secure_channel(access.host, grpc.ssl_channel_credentials(access.pem), options) as channel:
        call = channel.unary_unary(
            f"{SERVICE}/Predictions",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )

        async def ask(body: bytes) -> tuple[str, str]:
            message = request(model_name=MODEL_NAME, input={"data": body})
            try:
                came = await call(message, timeout=TIMEOUT_S, metadata=metadata, wait_for_ready=True)
            except grpc.aio.AioRpcError as error:
                await asyncio.sleep(RECONNECT_S)
                return "", f"gRPC {error.code().name} {error.details()[:160]}"
            answer = json.loads(came.prediction)
            return str(answer.get("label", "")), f"gRPC {answer}"

        yield ask


@cache
def _messages() -> dict[str, Any]:
    return message_classes(PROTO)
