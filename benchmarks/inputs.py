"""Pictures that servers are asked to read: as a data set has them, as a canvas sends them, and ten digits."""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SIDE, CANVAS_SIDE, PRINTED_SIDE = 28, 280, 56  # px
PEN = 18  # px wide on the canvas
SEVEN = [(80, 70), (205, 70), (125, 220)]  # px on the canvas
OVERSAMPLING = 4


def write_inputs(folder: Path) -> dict[str, Path]:
    """Write both pictures as PNG files; returns them by the names that results call them."""
    mask = _seven()
    grey = mask.resize((SIDE, SIDE), Image.Resampling.BOX)  # white on black, as MNIST
    canvas = Image.new("RGBA", mask.size, "black")
    canvas.putalpha(mask)  # black ink on transparent paper
    pictures = {"28x28": grey, "canvas": canvas}
    paths = {name: folder / f"{name}.png" for name in pictures}
    for name, picture in pictures.items():
        paths[name].write_bytes(_png(picture))
    return paths


def printed_digits() -> list[bytes]:
    """The ten digits in Pillow's own font, as small PNG files."""
    font = ImageFont.load_default(size=PRINTED_SIDE * 0.8)
    pictures = []
    for digit in "0123456789":
        picture = Image.new("L", (PRINTED_SIDE, PRINTED_SIDE), 255)
        middle = PRINTED_SIDE / 2
        ImageDraw.Draw(picture).text((middle, middle), digit, fill=0, font=font, anchor="mm")
        pictures.append(_png(picture))
    return pictures


def _seven() -> Image.Image:
    """A seven by a round pen, mode L, 0 = paper, 255 = ink, with smooth edges."""
    large = Image.new("L", (CANVAS_SIDE * OVERSAMPLING,) * 2)
    pen = ImageDraw.Draw(large)
    points = [(x * OVERSAMPLING, y * OVERSAMPLING) for x, y in SEVEN]
    pen.line(points, fill=255, width=PEN * OVERSAMPLING)
    radius = PEN * OVERSAMPLING / 2
    for x, y in points:
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return large.reduce(OVERSAMPLING)


def _png(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
