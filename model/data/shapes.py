"""Strokes that are no digits: scribbles, shapes, grids.

Shapes that a hand writes like a digit (a circle, a single line) are left out.
"""

import numpy as np
from numpy.random import Generator

from model.data.pen_strokes import Points, smooth
from model.data.rendering import Strokes


def scribble(rng: Generator) -> Strokes:
    """One to four strokes that jump or wander about."""
    kind = _jumps if rng.random() < 0.5 else _wanders
    return tuple(kind(rng) for _ in range(int(rng.integers(1, 5))))


def _jumps(rng: Generator) -> Points:
    """From one random place to the next, with sharp corners or round ones."""
    return smooth(rng.uniform(0, 1, (int(rng.integers(6, 16)), 2)), int(rng.integers(0, 4)))


def _wanders(rng: Generator) -> Points:
    """A long line whose heading drifts: curls and loops."""
    steps = int(rng.integers(200, 450))
    turning = np.cumsum(rng.normal(0, rng.uniform(0.02, 0.12), steps)) + rng.normal(0, 0.05)
    heading = np.cumsum(turning * rng.uniform(0.5, 2)) + rng.uniform(0, 2 * np.pi)
    return np.cumsum(np.stack((np.cos(heading), np.sin(heading)), axis=1), axis=0) / rng.uniform(40, 80)


def shape(rng: Generator) -> Strokes:
    """A drawn figure: polygon, star, cross, arrow, tick, heart, house, spiral, zigzag, face or bundle of lines."""
    kinds = (_polygon, _star, _cross, _arrow, _heart, _house, _spiral, _zigzag, _face, _lines)
    return kinds[int(rng.integers(len(kinds)))](rng)


def grid(rng: Generator) -> Strokes:
    """Lines across and down, evenly spaced, as on squared paper."""
    count = rng.integers(2, 7, 2)
    across = [np.array(((0.0, y), (1.0, y))) for y in np.linspace(0, 1, int(count[0]))]
    down = [np.array(((x, 0.0), (x, 1.0))) for x in np.linspace(0, 1, int(count[1]))]
    return tuple(across + down)


def polar(radii: Points, angles: Points) -> Points:
    """Points (N, 2) at these distances from the middle (N,), in these directions (N,)."""
    return np.stack((radii * np.cos(angles), radii * np.sin(angles)), axis=1)


def _polygon(rng: Generator) -> Strokes:
    corners = int(rng.integers(3, 6))
    angles = np.linspace(0, 2 * np.pi, corners + 1) + rng.uniform(0, 2 * np.pi)
    return (np.stack((np.cos(angles), np.sin(angles)), axis=1),)


def _star(rng: Generator) -> Strokes:
    points = int(rng.integers(4, 8))
    angles = np.linspace(0, 2 * np.pi, 2 * points + 1)
    radii = np.where(np.arange(2 * points + 1) % 2, rng.uniform(0.3, 0.6), 1.0)
    return (polar(radii, angles),)


def _cross(rng: Generator) -> Strokes:
    angle, between = rng.uniform(0, np.pi), rng.uniform(0.35, 0.65) * np.pi
    ends = [np.array((np.cos(a), np.sin(a))) for a in (angle, angle + between)]
    return tuple(np.stack((-end, end)) for end in ends)


def _arrow(rng: Generator) -> Strokes:
    angle, head = rng.uniform(0, 2 * np.pi), rng.uniform(0.45, 0.9)  # a narrower one is a 1
    tip = np.array((np.cos(angle), np.sin(angle)))
    barbs = [tip - head * np.array((np.cos(angle + side), np.sin(angle + side))) for side in (-0.6, 0.6)]
    return np.stack((-tip, tip)), np.stack((barbs[0], tip, barbs[1]))


def _heart(rng: Generator) -> Strokes:
    t = np.linspace(0, 2 * np.pi, 40)
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return (np.stack((16 * np.sin(t) ** 3, -y), axis=1),)


def _house(rng: Generator) -> Strokes:
    roof = rng.uniform(0.2, 0.7)
    walls = np.array(((0, 0), (0, 1), (1, 1), (1, 0), (0, 0)), dtype=float)
    return walls, np.array(((0, 0), (0.5, -roof), (1, 0)), dtype=float)


def _spiral(rng: Generator) -> Strokes:
    t = np.linspace(0, rng.uniform(2.5, 5) * 2 * np.pi, 120)
    t = t if rng.random() < 0.5 else -t
    return (np.stack((t * np.cos(t), t * np.sin(t)), axis=1),)


def _zigzag(rng: Generator) -> Strokes:
    corners = int(rng.integers(6, 14))  # with five it is an angular 3
    line = np.stack((np.linspace(0, 1, corners), (np.arange(corners) % 2) * rng.uniform(0.3, 1.0)), axis=1)
    return (line if rng.random() < 0.5 else line[:, ::-1],)


def _face(rng: Generator) -> Strokes:
    t = np.linspace(0, 2 * np.pi, 40)
    eyes = [np.array(((x, -0.35), (x, -0.25))) for x in (-0.35, 0.35)]
    smile = np.linspace(0.2, np.pi - 0.2, 12)
    mouth = np.stack((0.5 * np.cos(smile), 0.5 * np.sin(smile) * rng.choice((-1, 1)) + 0.1), axis=1)
    return np.stack((np.cos(t), np.sin(t)), axis=1), *eyes, mouth


def _lines(rng: Generator) -> Strokes:
    """Two to six lines side by side: one alone would be a 1."""
    places = np.linspace(0, rng.uniform(0.5, 1.5), int(rng.integers(2, 7)))
    lines: list[Points] = [np.array(((x, 0.0), (x, 1.0))) for x in places]
    return tuple(lines) if rng.random() < 0.5 else tuple(line[:, ::-1] for line in lines)
