"""What photographs are made to show before it rains on them, so that it is learnt to be left."""

import math
import random

import numpy as np

from ssid.pictures import Picture

RIBS = 1 << 61  # ribs are drawn from a seed of their own: the rain stays what it is without them
PERIOD = (4.0, 28.0)
"""Bounds of the distance between ribs in pixels, drawn evenly in its logarithm."""
SLANT = 10.0
"""Degrees by which ribs lean from the vertical at most."""
CONTRAST = (0.15, 0.7)
"""Bounds of the share of light by which ribs and grooves differ."""


def turned(picture: Picture) -> Picture:
    """Return a photograph H×W×3 turned a quarter to the left, W×H×3."""
    return np.ascontiguousarray(np.rot90(picture))


def ribbed(picture: Picture, seed: int) -> Picture:
    """Return a photograph with upright ribs, as of corrugated iron, blinds, boards or a fence.

    Ribs are regular and go from edge to edge of what they are on, which streaks are not. They
    lie on the whole picture or on a part of it, and are the brighter the more light there is.

    Args:
        picture: H×W×3 of uint8.
        seed: seed of this photograph, 0 or more.

    Returns:
        The same shape and type.
    """
    draw = random.Random(seed ^ RIBS)
    period = math.exp(draw.uniform(*map(math.log, PERIOD)))
    slope = math.tan(math.radians(draw.uniform(-SLANT, SLANT)))
    contrast, sharpness = draw.uniform(*CONTRAST), draw.uniform(0.5, 4)
    height, width = picture.shape[:2]
    rows, columns = np.ogrid[:height, :width]
    phase = (columns + slope * rows) / period + draw.random()
    wave = (0.5 + 0.5 * np.cos(2 * np.pi * phase)) ** sharpness  # 1 on a rib, 0 in a groove
    light = 1 - contrast * (1 - wave)
    top, left = (draw.choice((0.0, draw.uniform(0, 0.6))) for _ in range(2))
    light[: int(top * height)] = 1
    light[:, : int(left * width)] = 1
    return np.rint(picture * light[..., None]).astype(np.uint8)
