"""How the digit itself is written: pencil, chalk, coloured pens, ballpoints that skip."""

import numpy as np

from model.data.papers.registry import seen, unseen
from model.data.papers.sheet import Sheet


@seen("writing")
def pencil(sheet: Sheet) -> None:
    """Grey, and grainy as the paper's tooth."""
    grain = sheet.texture(sheet.rng.uniform(0.006, 0.02))
    sheet.stroke_texture = np.clip(sheet.rng.uniform(0.55, 0.9) + 0.25 * grain, 0, 1).astype(np.float32)
    sheet.pen = float(sheet.rng.uniform(0.25, 0.5) * np.median(sheet.paper))


@seen("writing")
def coloured(sheet: Sheet) -> None:
    """A coloured pen on coloured paper: in grey, ink nearer to the paper's level."""
    sheet.paper *= np.float32(sheet.rng.uniform(0.5, 0.95))
    sheet.pen = float(sheet.rng.uniform(0.3, 0.72) * np.median(sheet.paper))


@seen("writing")
def chalk(sheet: Sheet) -> None:
    """Chalk on a board that was wiped: light on dark, grainy, with traces of what stood there."""
    rng = sheet.rng
    sheet.camera.is_negative = True
    sheet.stroke_texture = np.clip(rng.uniform(0.7, 1) + 0.3 * sheet.texture(0.008), 0.1, 1).astype(np.float32)
    wiped = np.clip(sheet.texture(0.12) + 0.5 * sheet.texture(0.02), 0, 2)
    sheet.darken(wiped * rng.uniform(0.02, 0.1))
    sheet.paper *= np.float32(rng.uniform(0.75, 0.95))


@unseen("writing")
def skipping_ballpoint(sheet: Sheet) -> None:
    """A ballpoint that leaves out pieces along the stroke."""
    missing = sheet.texture(sheet.rng.uniform(0.03, 0.08)) > sheet.rng.uniform(1.0, 1.8)
    sheet.stroke_texture = np.where(missing, np.float32(0.25), np.float32(1))
