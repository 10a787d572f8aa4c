"""From the finished sheet to its picture: the sheet's place before the lens, blur, grain, compression.

The kinds here set a sheet's `Camera`; `take_picture` does what it says, to the picture and to the exact ink alike.
"""

import math
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.data.papers.registry import seen, unseen
from model.data.papers.sheet import Camera, Sheet, plane
from model.preprocessing.images import GreyImage, Levels, as_uint8

MOST_TILT_DEGREES = 25
TRIES = 8  # at an angle that leaves the digit in view
SQUARE = np.array(((0, 0), (1, 0), (1, 1), (0, 1)), np.float32)
DISTANCE = 1.6  # of the lens from the sheet, in sides of the sheet


@seen("camera")
def motion_blur(sheet: Sheet) -> None:
    """The hand moved."""
    sheet.camera.motion = (float(sheet.rng.uniform(0.01, 0.035)) * _scale(sheet), float(sheet.rng.uniform(0, np.pi)))


@seen("camera")
def perspective(sheet: Sheet) -> None:
    """The phone was held at an angle of up to `MOST_TILT_DEGREES`, and turned a little; the digit stays in view."""
    left, top, right, bottom = sheet.box()
    box = np.array(((left, top), (right, top), (right, bottom), (left, bottom)), np.float32)
    for _ in range(TRIES):
        corners = tilted_corners(sheet.rng)
        ends = cv2.perspectiveTransform(box[np.newaxis], cv2.getPerspectiveTransform(SQUARE, corners))
        if ends.min() >= 0 and ends.max() <= 1:
            sheet.camera.corners = corners
            return


@seen("camera")
def compressed(sheet: Sheet) -> None:
    """Strong JPEG compression."""
    sheet.camera.jpeg_quality = int(sheet.rng.integers(20, 60))


@seen("camera")
def out_of_focus(sheet: Sheet) -> None:
    """A blurred picture."""
    sheet.camera.blur = float(sheet.rng.uniform(0.006, 0.014)) * _scale(sheet)


@seen("camera")
def grainy(sheet: Sheet) -> None:
    """A picture taken in little light."""
    sheet.camera.noise = float(sheet.rng.uniform(6, 16))


@unseen("camera")
def glare(sheet: Sheet) -> None:
    """A lamp's reflection, beside the digit, that brightens the paper up to white."""
    x, y = plane(sheet.side)
    rng = sheet.rng
    distance = np.hypot(x - rng.choice((0.0, 1.0)), y - rng.uniform(0, 1)) / rng.uniform(0.15, 0.35)
    sheet.paper *= np.float32(0.7)
    sheet.light += np.exp(-(distance**2)) * np.float32(rng.uniform(0.3, 0.9))


def tilted_corners(rng: Generator) -> NDArray[np.float32]:
    """Where the corners of a sheet that is tilted and turned come to lie, float32 (4, 2), in shares of the side."""
    tilt, turn = np.deg2rad(rng.uniform(0, MOST_TILT_DEGREES)), np.deg2rad(rng.normal(0, 6))
    towards = rng.uniform(0, 2 * np.pi)
    axis = np.array((np.cos(towards), np.sin(towards), 0.0)) * tilt
    rotation, _ = cv2.Rodrigues(axis)
    spin, _ = cv2.Rodrigues(np.array((0.0, 0.0, turn)))
    square = np.array(((-0.5, -0.5, 0), (0.5, -0.5, 0), (0.5, 0.5, 0), (-0.5, 0.5, 0)))
    turned = square @ (rotation @ spin).T
    seen_at = turned[:, :2] * (DISTANCE / (DISTANCE - turned[:, 2:]))
    return np.asarray(seen_at + 0.5, np.float32)


def take_picture(sheet: Sheet, rng: Generator) -> tuple[GreyImage, GreyImage]:
    """The picture of a sheet and where the digit's ink is in it, both uint8, (H, W), the ink 0 = none, 255 = full."""
    camera = sheet.camera
    levels: NDArray[Any] = 255 * sheet.reflectance() * sheet.light
    ink: NDArray[Any] = sheet.ink
    if camera.corners is not None:
        levels, ink = _warped(levels, camera, cv2.BORDER_REPLICATE), _warped(ink, camera, cv2.BORDER_CONSTANT)
    if camera.blur > 0:
        levels = cv2.GaussianBlur(levels, (0, 0), max(0.3, camera.blur * sheet.side))
    if camera.motion[0] > 0:
        levels = cv2.filter2D(levels, -1, _motion_kernel(camera.motion, sheet.side))
    if 0 < camera.small_side < sheet.side:
        size = (camera.small_side, camera.small_side)
        levels, ink = (cv2.resize(some, size, interpolation=cv2.INTER_AREA) for some in (levels, ink))
    if camera.noise > 0:
        levels = levels + rng.standard_normal(levels.shape, dtype=np.float32) * np.float32(camera.noise)
    picture = as_uint8(np.clip(levels, 0, 255))
    if camera.is_negative:
        picture = as_uint8(255 - picture)
    if camera.jpeg_quality:
        picture = _compressed(picture, camera.jpeg_quality)
    return picture, as_uint8(ink)


def _compressed(picture: GreyImage, quality: int) -> GreyImage:
    _, data = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def _scale(sheet: Sheet) -> float:
    """Small digits stand less blur: 1 for one of half the side or more."""
    return min(1.0, 2 * sheet.size())


def _warped(levels: Levels | GreyImage, camera: Camera, border: int) -> NDArray[Any]:
    side = levels.shape[0]
    matrix = cv2.getPerspectiveTransform(SQUARE * side, camera.corners * side)
    return cv2.warpPerspective(levels, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=border)


def _motion_kernel(motion: tuple[float, float], side: int) -> Levels:
    """A line of the motion's length and direction, its sum 1, float32 (K, K)."""
    reach = 0.5 * motion[0] * side
    middle = math.ceil(reach) + 1
    end = reach * np.array((math.cos(motion[1]), math.sin(motion[1])))
    kernel = np.zeros((2 * middle + 1, 2 * middle + 1), np.uint8)
    ends = [tuple(np.rint((middle + sign * end) * 16).astype(int).tolist()) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 255, 1, cv2.LINE_AA, 4)
    return np.asarray(kernel.astype(np.float32) / float(kernel.sum()), np.float32)
