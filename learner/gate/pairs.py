"""Two networks' answers to the same pictures, compared picture by picture."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from torch import Tensor

Z_95 = 1.645  # of a one-sided bound


@dataclass(frozen=True)
class Pair:
    """How many of `n` pictures the champion and a candidate have wrong, and on how many they differ.

    Attributes:
        n: pictures.
        before, now: errors of the champion and of the candidate.
        lost: pictures that only the champion has right.
        gained: pictures that only the candidate has right.
    """

    n: int
    before: int
    now: int
    lost: int
    gained: int

    @classmethod
    def of(cls, champion_is_right: Tensor, candidate_is_right: Tensor) -> Pair:
        """From what each has right, bool (N,)."""
        lost = int((champion_is_right & ~candidate_is_right).sum())
        gained = int((~champion_is_right & candidate_is_right).sum())
        return cls(
            len(champion_is_right), int((~champion_is_right).sum()), int((~candidate_is_right).sum()), lost, gained
        )

    @property
    def further(self) -> int:
        """Errors of the candidate beyond the champion's."""
        return self.lost - self.gained

    @property
    def upper_bound(self) -> float:
        """One-sided 95% bound of the share of errors that the candidate has more.

        Wald's bound for paired shares with half a picture added to both discordant counts (Agresti and Min, 2005), so
        that it is above 0 where none differs.
        """
        return (self.further + Z_95 * sqrt(self.lost + self.gained + 1)) / self.n
