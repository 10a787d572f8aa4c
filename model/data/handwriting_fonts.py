"""Digits and letters of fonts made from people's handwriting: another origin than all that is trained on.

The fonts come with Debian (`apt-get install` the packages of `FONT_PACKAGES`); where none is installed, there are none.
"""

from functools import lru_cache
from pathlib import Path

from matplotlib.font_manager import findSystemFonts
from numpy.random import Generator
from PIL import Image, ImageFont

from model.data.letters import LETTERS, bent, typeset
from model.data.rendering import as_picture

FONT_PACKAGES = (
    "fonts-breip fonts-dancingscript fonts-dkg-handwriting fonts-ecolier-court fonts-humor-sans fonts-kristi "
    "fonts-rufscript fonts-sjfonts fonts-tomsontalks"
)
_FONTS = {
    "Breip",
    "DancingScript-Regular",
    "Delphine",
    "Ecolier-court",
    "Humor-Sans",
    "Kristi",
    "Rufscript010",
    "SteveHand",
    "TomsonTalks",
    "dkg",
}
FONT_SIZE_PX = 150
VARIANTS = 15  # pictures of each digit of each font
Item = tuple[str, str]  # a font's path, and the text to write


def installed_fonts() -> list[str]:
    """Paths of the handwriting fonts that this machine has, in the order of their names."""
    return sorted((path for path in findSystemFonts() if Path(path).stem in _FONTS), key=lambda path: Path(path).stem)


def digit_items(fonts: list[str]) -> list[Item]:
    """Every digit of every font, `VARIANTS` times."""
    return [(font, str(digit)) for font in fonts for digit in range(10) for _ in range(VARIANTS)]


def letter_items(fonts: list[str], count: int) -> list[Item]:
    """About `count` letters that no hand writes like a digit, evenly from all fonts."""
    pairs = [(font, letter) for font in fonts for letter in LETTERS]
    return (pairs * -(-count // max(1, len(pairs))))[:count] if pairs else []


def write(item: Item, rng: Generator) -> Image.Image:
    """Write in a font, bent a little, on a picture of any kind."""
    path, text = item
    return as_picture(bent(typeset(text, _font(path)), rng), rng)


@lru_cache(maxsize=32)
def _font(path: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, FONT_SIZE_PX)
