"""Pictures from the numbers of a tensor: what its datatype means, and what its axes are."""

from collections.abc import Sequence
from itertools import chain
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from handler.protocols.query import BadRequest, Picture, check_count, kind_of

FULL_INK = {"FP16": 1, "FP32": 1, "FP64": 1, "BOOL": 1} | dict.fromkeys(
    ("UINT8", "UINT16", "UINT32", "INT16", "INT32", "INT64"), 255
)
"""By datatype, the value of full ink; 0 is paper."""

LAYOUTS = ("HW", "NC", "C", "NHW", "CHW", "HWC", "NCHW", "NHWC")
"""Names of the axes: N pictures, C colours, H rows, W columns. Without H and W, C are the 784 pixels of 28 rows."""

_READINGS = {
    "HW": "one picture of {0} rows (HW)",
    "NC": "{0} pictures of 784 pixels (NC)",
    "NHW": "{0} grey pictures (NHW)",
    "CHW": "one picture in colour (CHW)",
}
"""What a shape may mean in the layouts that it may have two of."""

MIN_SIDE = 8  # px; a shorter axis is never one of a picture's sides
FLAT_SIDE = 28  # px, of a picture without axes of its own
MAX_DIMENSIONS = 8  # longest declared shape
MAX_SHOWN = 40  # characters of a shape or value in an error message
_ACCEPTED_SHAPES = (
    "[H, W], [N, H, W], [N, 1, H, W] and [N, H, W, 1] are accepted, with 3 for colours too, [784] and [N, 784], "
    f"sides from {MIN_SIDE} px on"
)


def ink_pictures(
    values: Sequence[Any] | NDArray[Any], shape: list[int], datatype: str, layout: str | None, what: str
) -> list[Picture]:
    """The pictures of one tensor: mode L, light ink on dark, or mode RGB of either polarity.

    Args:
        values: in row-major order; of JSON, or an array of the datatype.
        shape: without -1; its product is the number of values.
        datatype: one of `FULL_INK`.
        layout: one of `LAYOUTS`; None where the shape must tell.
        what: names the tensor in errors.

    Raises:
        BadRequest: the shape is none of a picture or may mean two things, or a value is out of range.
    """
    chosen = _layout(shape, layout, what)
    levels = _grey_levels(values, datatype, what).reshape(shape)
    if "H" not in chosen:
        levels, chosen = levels.reshape(-1, FLAT_SIDE, FLAT_SIDE), "NHW"
    lengths = dict(zip(chosen, levels.shape, strict=True))
    axes = [chosen.index(axis) for axis in "NHWC" if axis in chosen]
    pictures = levels.transpose(axes).reshape([lengths.get(axis, 1) for axis in "NHWC"])
    check_count(len(pictures))
    return [Image.fromarray(one[:, :, 0] if one.shape[2] == 1 else one) for one in pictures]


def _layout(shape: list[int], asked: str | None, what: str) -> str:
    """The one layout that a shape has."""
    fitting = [layout for layout in LAYOUTS if asked in (None, layout) and _fits(layout, shape)]
    if asked is None and "CHW" in fitting and shape[0] == 1:
        fitting.remove("CHW")  # the same as NHW
    if not fitting:
        named = f"{what}.shape {short(shape)}" + (f" in the layout {asked}" if asked else "")
        raise BadRequest(f"{named} is not one of pictures; {_ACCEPTED_SHAPES}")
    if len(fitting) > 1:
        readings = " or ".join(_READINGS[layout].format(*shape) for layout in fitting)
        raise BadRequest(
            f'{what}.shape {short(shape)} may mean {readings}; say which: "parameters": {{"layout": "{fitting[0]}"}}'
        )
    return fitting[0]


def _fits(layout: str, shape: list[int]) -> bool:
    if len(layout) != len(shape) or 0 in shape:
        return False
    lengths = dict(zip(layout, shape, strict=True))
    if "H" not in layout:
        return lengths["C"] == FLAT_SIDE**2
    return min(lengths["H"], lengths["W"]) >= MIN_SIDE and lengths.get("C", 1) in (1, 3)


def _grey_levels(values: Sequence[Any] | NDArray[Any], datatype: str, what: str) -> NDArray[np.uint8]:
    """uint8 levels from 0 to 255."""
    full = FULL_INK[datatype]
    number = _first_bad(values, datatype)
    if number is not None:
        value = values[number] if not isinstance(values, np.ndarray) else values[number].item()
        seen = short(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else kind_of(value)
        kind = {"BOOL": "true and false"}.get(datatype, "numbers" if full == 1 else "whole numbers")
        raise BadRequest(
            f"value {number} of {what}.data, counted from 0, is {seen}; "
            f"{datatype} holds {kind} from 0 (paper) to {full} (ink)"
        )
    levels = np.array(values, dtype=np.float64)
    if full == 255 and levels.max() == 1:
        raise BadRequest(f"the largest value of {what}.data is 1, and full ink in {datatype} is 255; scale by 255")
    return np.rint(levels * (255 / full)).astype(np.uint8)


def _first_bad(values: Sequence[Any] | NDArray[Any], datatype: str) -> int | None:
    """Index of the first value that is none of the datatype or lies outside of its range."""
    full = FULL_INK[datatype]
    if isinstance(values, np.ndarray):
        is_bad = ~((values >= 0) & (values <= full))
        return int(is_bad.argmax()) if is_bad.any() else None
    kinds = {"FP32": {int, float}, "FP64": {int, float}, "BOOL": {bool, int}}.get(datatype, {int})
    if {type(value) for value in values} <= kinds and all(0 <= value <= full for value in values):
        return None
    return next(i for i, value in enumerate(values) if type(value) not in kinds or not 0 <= value <= full)


def unnested(data: object, what: str) -> tuple[list[Any], list[int]]:
    """The values of nested arrays in row-major order, and the shape of the nesting."""
    if not isinstance(data, list):
        raise BadRequest(f"{what} is {kind_of(data)}; an array, flat or nested, is accepted")
    found = [len(data)]
    while data and isinstance(data[0], list):
        width = len(data[0])
        if not all(isinstance(row, list) and len(row) == width for row in data):
            raise BadRequest(f"{what} is nested unevenly; all arrays of one depth must have one length")
        found.append(width)
        data = list(chain.from_iterable(data))
    return data, found


def resolved_shape(declared: object, found: list[int], count: int, what: str) -> list[int]:
    """The declared shape with each -1 replaced by what the data says."""
    if not isinstance(declared, list) or not 0 < len(declared) <= MAX_DIMENSIONS:
        raise BadRequest(f"{what}.shape must be an array of 1 to {MAX_DIMENSIONS} whole numbers")
    if not all(type(length) is int and length >= -1 for length in declared):
        raise BadRequest(f"{what}.shape must be an array of whole numbers; -1 stands for what the data says")
    shape = list(declared)
    if len(found) == len(shape) and len(found) > 1:
        shape = [seen if length == -1 else length for length, seen in zip(shape, found, strict=True)]
    elif shape.count(-1) == 1:
        known = prod(length for length in shape if length != -1)
        shape[shape.index(-1)] = count // known if known else 0
    if prod(shape) != count or -1 in shape or (len(found) == len(shape) > 1 and found != shape):
        raise BadRequest(f"{what}.shape {short(declared)} does not fit data of shape {short(found)}")
    return shape


def short(value: Sequence[int] | float) -> str:
    """A shape or a number as text, cut where it is long."""
    text = str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
