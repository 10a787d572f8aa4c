"""The kinds of disturbance by name: which family each belongs to, and whether training may draw it.

A kind that is not seen in training measures "a kind nobody listed"; at least a third are of these. Training must never
draw them: `seen_kinds` is all it gets.
"""

from collections.abc import Callable
from dataclasses import dataclass

from model.data.papers.sheet import Sheet

FAMILIES = ("frames", "lines", "shadows", "patterns", "surfaces", "things", "writing", "camera")

Add = Callable[[Sheet], None]


@dataclass(frozen=True)
class Kind:
    """One way to disturb the reading of a digit.

    Attributes:
        name: of its function, in words.
        family: the row of the table that it counts to; one of `FAMILIES`.
        add: changes a sheet.
        is_seen: whether training draws it.
    """

    name: str
    family: str
    add: Add
    is_seen: bool


KINDS: dict[str, Kind] = {}


def seen(family: str) -> Callable[[Add], Add]:
    """Register a function as a kind that training draws."""
    return _registered(family, is_seen=True)


def unseen(family: str) -> Callable[[Add], Add]:
    """Register a function as a kind that only validation draws."""
    return _registered(family, is_seen=False)


def seen_kinds() -> list[Kind]:
    """All that training may draw."""
    return [kind for kind in KINDS.values() if kind.is_seen]


def _registered(family: str, *, is_seen: bool) -> Callable[[Add], Add]:
    def register(add: Add) -> Add:
        name = add.__name__.replace("_", " ")
        KINDS[name] = Kind(name, family, add, is_seen)
        return add

    return register
