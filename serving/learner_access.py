"""What the page's visitors need to teach: where the learner is, and a key that may correct and teach, no more."""

from __future__ import annotations

from dataclasses import dataclass

from serving.gateway.keys import KeyFile

PAGE_KEY = "page"
PAGE_SCOPES = ("correct", "teach")
DEFAULT_LEARNER = "http://127.0.0.1:8090"


@dataclass(frozen=True)
class LearnerAccess:
    """How a page reaches a learner.

    Attributes:
        endpoint: its origin, or a path beside the page.
        token: what visitors send as `Authorization: Bearer TOKEN`; None where each brings their own.
    """

    endpoint: str
    token: str | None = None


def access_with_key(endpoint: str, keys: KeyFile) -> LearnerAccess:
    """Access with the page's own key, which is made where it is missing; the learner reads the same file.

    Raises:
        KeyFileError: the file cannot be used.
    """
    key = next((key for key in keys.read() if key.name == PAGE_KEY), None)
    return LearnerAccess(endpoint, (key or keys.add(PAGE_KEY, PAGE_SCOPES)).secret)
