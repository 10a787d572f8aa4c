"""The order of the requests: each is drawn from the seed and its own number, whatever else is asked for."""

from pathlib import Path

from numpy.random import default_rng
from PIL import Image

from benchmarks.answer_requests.bodies import BODIES, Request, raw
from benchmarks.answer_requests.files import as_blank, as_broken, as_format, as_mode, as_size, as_turned, as_usual
from benchmarks.answer_requests.pictures import MNIST_KINDS, PEN_KINDS, drawers, pick

SHARES = {
    "MNIST digits": 12,
    "MNIST resized, cropped": 6,
    "pen on canvas": 8,
    "pen on paper": 6,
    "letters": 3,
    "figures, scribbles": 3,
    "noise": 2,
    "odd modes": 4,
    "turned by EXIF": 2,
    "formats": 4,
    "odd sizes": 3,
    "multipart": 2,
    "JSON": 2,
    "forms": 2,
    "KServe V1": 2,
    "OIP pictures": 2,
    "OIP tensors": 2,
    "explanations": 1,
    "broken pictures": 2,
    "malformed bodies": 2,
    "blank pictures": 1,
}
"""Every kind of request, and how many there are of it in each round of 71."""

FILES = {
    "odd modes": as_mode,
    "turned by EXIF": as_turned,
    "formats": as_format,
    "odd sizes": as_size,
    "broken pictures": as_broken,
    "blank pictures": as_blank,
}


class Requests:
    """The requests of one seed.

    Attributes:
        left_out: the kinds that need data which the folder lacks; requests of the others take their numbers.
    """

    def __init__(self, seed: int, folder: Path) -> None:
        self._seed = seed
        self._drawers = drawers(folder)
        self._readable = [draw for kind, draw in self._drawers.items() if kind != "noise"]  # most noise is blank
        self.left_out = [kind for kind in (*MNIST_KINDS, *PEN_KINDS) if kind not in self._drawers]
        shares = {kind: share for kind, share in SHARES.items() if kind not in self.left_out}
        # Every kind once, then those once more that have a larger share, and so on: a few requests show all kinds.
        self._round = [kind for turn in range(max(shares.values())) for kind, share in shares.items() if share > turn]

    def kind(self, number: int) -> str:
        """One of `SHARES`."""
        return self._round[number % len(self._round)]

    def make(self, number: int) -> Request:
        """The request of this number, from 0 on."""
        kind, rng = self.kind(number), default_rng((self._seed, number))

        def draw() -> Image.Image:
            return pick(rng, self._readable)(rng)

        if kind in self._drawers:
            return raw(as_usual(self._drawers[kind](rng)), rng)
        if kind in FILES:
            return raw(FILES[kind](draw(), rng), rng)
        return BODIES[kind](draw, rng)
