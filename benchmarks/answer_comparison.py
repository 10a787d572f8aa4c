"""Two servers' answers to the same requests: counted, hashed and compared."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Any

from benchmarks.answer_requests.bodies import Request

EXCERPT = (60, 100)  # characters shown before and after the first that differs


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    content_type: str
    body: bytes

    @cached_property
    def error(self) -> tuple[str, str]:
        """Type and message of an error object; of any other body an empty type, and the whole of it."""
        text = self.body.decode("utf-8", "replace")
        try:
            error = json.loads(text)
            return str(error["type"]), str(error["message"])
        except (ValueError, TypeError, KeyError):
            return "", text

    @property
    def meaning(self) -> tuple[int, str, str]:
        """What a program may act on: status, content type and the type of an error."""
        return self.status, self.content_type, self.error[0]


@dataclass(frozen=True)
class Difference:
    """Two answers of different meaning: status, content type and where their bodies part."""

    number: int
    kind: str
    now: str
    before: str


@dataclass(frozen=True)
class Message:
    """A message of errors that changed, by the first of its requests; others may differ from it in their numbers."""

    count: int
    number: int
    status: int
    type: str
    now: str
    before: str


class Tally:
    """Requests of one kind, or of all, and each server's answers.

    Attributes:
        count: of the requests.
        good: of the 200 answers of each server.
        requests: SHA-256 of all requests, in their order.
        answers: SHA-256 of statuses and bodies of all answers of each server.
        good_answers: the same of the 200 answers alone, which changed messages of errors leave as it is.
    """

    def __init__(self, servers: int) -> None:
        self.count = 0
        self.good = [0] * servers
        self.requests = sha256()
        self.answers = [sha256() for _ in range(servers)]
        self.good_answers = [sha256() for _ in range(servers)]

    def add(self, request: Request, answers: Sequence[Answer]) -> None:
        """Count one request and each server's answer."""
        self.count += 1
        self.requests.update(_framed(f"{request.path}\n{request.content_type}", request.body))
        for index, answer in enumerate(answers):
            self.answers[index].update(framed := _framed(str(answer.status), answer.body))
            if answer.status == 200:
                self.good[index] += 1
                self.good_answers[index].update(framed)

    def as_json(self) -> dict[str, Any]:
        """All of it, hashes in hexadecimal."""
        return {
            "count": self.count,
            "good": self.good,
            "requests": self.requests.hexdigest(),
            "answers": [one.hexdigest() for one in self.answers],
            "good_answers": [one.hexdigest() for one in self.good_answers],
        }


class Comparison:
    """What differs between two servers.

    Attributes:
        differences: answers of different meaning, which no refactoring may bring about.
        messages: errors of the same status and type whose messages differ, by their texts less the numbers in them.
    """

    def __init__(self) -> None:
        self.differences: list[Difference] = []
        self.messages: dict[tuple[int, str, str, str], Message] = {}

    def add(self, number: int, kind: str, now: Answer, before: Answer) -> None:
        """Compare two answers to one request."""
        if now == before:
            return
        (type_, message), (_, message_before) = now.error, before.error
        if now.status == 200 or now.meaning != before.meaning or message == message_before:
            self.differences.append(Difference(number, kind, _parted(now, before), _parted(before, now)))
            return
        key = (now.status, type_, _without_numbers(message), _without_numbers(message_before))
        known = self.messages.get(key) or Message(0, number, now.status, type_, message, message_before)
        self.messages[key] = replace(known, count=known.count + 1)

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "differences": [asdict(one) for one in self.differences],
            "messages": [asdict(one) for one in self.messages.values()],
        }


def _framed(head: str, body: bytes) -> bytes:
    """So that no two sequences of requests or answers run together to the same bytes."""
    return f"{head}\n{len(body)}\n".encode() + body


def _parted(answer: Answer, other: Answer) -> str:
    """An answer in a line: its body only around the first byte that the other's has not."""
    pairs = enumerate(zip(answer.body, other.body, strict=False))
    common = next((place for place, (mine, others) in pairs if mine != others), min(len(answer.body), len(other.body)))
    start = max(common - EXCERPT[0], 0)
    excerpt = answer.body[start : common + EXCERPT[1]].decode("utf-8", "replace")
    return f"{answer.status} {answer.content_type} {'...' if start else ''}{excerpt}"


def _without_numbers(message: str) -> str:
    return re.sub(r"\d+", "0", message)
