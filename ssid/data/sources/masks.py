"""Pictures that say of every pixel whether it is meant: where streaks are, or what moved."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ssid.data.images import ImageError, read_rgb
from ssid.data.roles import Mask
from ssid.pictures import Picture

LEVEL = 128
"""What is as bright as this, or brighter, is marked."""
GREY = 64, 192
"""Levels from black and from white between which a pixel is neither."""
MOST_GREY = 0.05
"""Share of grey pixels that compression leaves along edges; with more it is a photograph."""


def read_mask(path: Path, rainy: Picture, max_side: int | None, marks: Mask) -> NDArray[np.bool_]:
    """Return the mask at ``path``, H×W, True where it is white.

    Args:
        path: picture of black and white, of any kind that photographs may have.
        rainy: photograph that it belongs to, H×W×3, shrunk to ``max_side``.
        max_side: longest side of the photograph; a longer mask is shrunk to it, a pixel counting
            where at least half of it is marked.
        marks: what the mask is of; streaks must be somewhere, and not everywhere.

    Raises:
        ImageError: The picture cannot be read, is no mask, or of another size.
    """
    levels = read_rgb(path).max(axis=2)
    _check_two_levels(levels)
    size = rainy.shape[1], rainy.shape[0]
    if max_side is not None and max(levels.shape) > max_side:
        levels = np.asarray(Image.fromarray(levels).resize(size, Image.Resampling.BOX))
    if levels.shape != rainy.shape[:2]:
        found = f"{levels.shape[1]}×{levels.shape[0]}"
        raise ImageError(f"the mask has {found} pixels, its photograph {size[0]}×{size[1]}")
    mask: NDArray[np.bool_] = levels >= LEVEL
    if mask.all():
        raise ImageError("the mask marks every pixel: white is what is marked, black the rest")
    if marks == "streaks" and not mask.any():
        raise ImageError("the mask is black: it marks no streak, so that nothing can be found")
    return mask


def _check_two_levels(levels: NDArray[np.uint8]) -> None:
    grey = float(((levels >= GREY[0]) & (levels < GREY[1])).mean())
    if grey > MOST_GREY:
        raise ImageError(f"no mask: {grey:.0%} of its pixels are neither black nor white")
