"""Drawings that are no digits, of kinds that no network trains on: they measure how well unseen kinds are rejected.

Their kinds are none of `model.data.nondigits`, so nothing here may be chosen by them, nor trained on.
"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from PIL import Image

from model.data.nondigits import drawing
from model.data.pen_strokes import Points
from model.data.rendering import Strokes
from model.data.shapes import polar

Figure = Callable[[Generator], Strokes]


def draw_unseen_nondigit(rng: Generator) -> Image.Image:
    """One of: curves, hatching, loops, a flower, a wave, noughts and crosses, a man, a tree, a fish, dots, squares."""
    kind = rng.choice(len(_FIGURES) + 1)
    if kind == len(_FIGURES):
        return _code(rng)
    return drawing(_FIGURES[kind](rng), rng)


def _curves(rng: Generator) -> Strokes:
    """Three to six cubic Bezier curves."""
    t = np.linspace(0, 1, 30)[:, np.newaxis]
    weights = np.concatenate(((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3), axis=1)
    return tuple(weights @ rng.uniform(0, 1, (4, 2)) for _ in range(int(rng.integers(3, 7))))


def _hatching(rng: Generator) -> Strokes:
    """One line up and down, as one fills an area."""
    turns = int(rng.integers(8, 20))
    across = np.linspace(0, rng.uniform(0.5, 1.2), turns)
    return (np.stack((across, np.arange(turns) % 2 + rng.normal(0, 0.1, turns)), axis=1),)


def _loops(rng: Generator) -> Strokes:
    """A Lissajous figure."""
    across, down = ((2, 3), (3, 4), (3, 2), (5, 4), (3, 5))[int(rng.integers(5))]
    t = np.linspace(0, 2 * np.pi, 300)
    return (np.stack((np.sin(across * t + rng.uniform(0, 2 * np.pi)), np.sin(down * t)), axis=1),)


def _flower(rng: Generator) -> Strokes:
    t = np.linspace(0, 2 * np.pi, 200)
    return (polar(np.abs(np.cos(int(rng.integers(3, 6)) * t)) + 0.15, t),)


def _wave(rng: Generator) -> Strokes:
    t = np.linspace(0, int(rng.integers(2, 6)) * 2 * np.pi, 200)
    return (np.stack((t, rng.uniform(1, 4) * np.sin(t)), axis=1),)


def _noughts_and_crosses(rng: Generator) -> Strokes:
    drawn = [np.array(ends, dtype=float) for k in (1, 2) for ends in (((k, 0), (k, 3)), ((0, k), (3, k)))]
    for place in np.ndindex(3, 3):
        mark = rng.integers(3)
        if mark == 1:
            drawn.append(np.array(place) + 0.5 + 0.3 * _circle())
        elif mark == 2:
            drawn += [np.array(place) + ends for ends in (((0.2, 0.2), (0.8, 0.8)), ((0.8, 0.2), (0.2, 0.8)))]
    return tuple(drawn)


def _man(rng: Generator) -> Strokes:
    head = np.array((0.5, 0.18)) + 0.18 * _circle()
    limbs = (((0.5, 0.36), (0.5, 0.9)), ((0.1, 0.55), (0.9, 0.5)), ((0.15, 1.4), (0.5, 0.9), (0.85, 1.4)))
    return head, *(_shaken(limb, rng) for limb in limbs)


def _tree(rng: Generator) -> Strokes:
    outline = ((0.4, 1), (0.4, 0.7), (0.1, 0.7), (0.5, 0), (0.9, 0.7), (0.6, 0.7), (0.6, 1), (0.4, 1))
    return (_shaken(outline, rng),)


def _fish(rng: Generator) -> Strokes:
    t = np.linspace(0.3, 2 * np.pi - 0.3, 40)
    body = np.stack((np.cos(t), 0.5 * np.sin(t)), axis=1)
    return (np.concatenate((body, _shaken(((1.5, 0.5), (1.5, -0.5)), rng), body[:1])),)


def _dots(rng: Generator) -> Strokes:
    return tuple(np.array(((0, 0), (0, 0.01))) + rng.uniform(0, 1, 2) for _ in range(int(rng.integers(4, 30))))


def _code(rng: Generator) -> Image.Image:
    """Black and white squares at random, as in a two-dimensional bar code."""
    cells = int(rng.integers(6, 26))
    squares = (rng.random((cells, cells)) < 0.5).repeat(200 // cells, axis=0).repeat(200 // cells, axis=1)
    return Image.fromarray(255 - np.pad(squares.astype(np.uint8) * 255, 20), "L")


_FIGURES: tuple[Figure, ...] = (
    _curves,
    _hatching,
    _loops,
    _flower,
    _wave,
    _noughts_and_crosses,
    _man,
    _tree,
    _fish,
    _dots,
)


def _circle() -> Points:
    t = np.linspace(0, 2 * np.pi, 24)
    return polar(np.ones_like(t), t)


def _shaken(points: tuple[tuple[float, float], ...], rng: Generator) -> Points:
    return np.asarray(np.array(points) + rng.normal(0, 0.04, (len(points), 2)))
