"""A picture of a prepared data set: a few images with their targets and rain layers."""

from pathlib import Path

import numpy as np

from ssid.data.splits import evenly_spaced
from ssid.data.store.reader import ImageStore
from ssid.pictures import Picture, thumbnail, write_picture

CELL = 256  # pixels a side
GAP = 4
BACKGROUND = 255


def contact_sheet(store: ImageStore, rows: int = 8) -> Picture:
    """Return a sheet of at most ``rows`` evenly spaced images of ``store``, uint8 H×W×3.

    Each row shows rainy image, clean image and their difference, the rain layer, amplified by two
    around middle grey; sets without targets show as many rainy images instead.
    """
    if store.paired:
        lines = [_pair(store, index) for index in evenly_spaced(range(len(store)), rows)]
    else:
        chosen = evenly_spaced(range(len(store)), 3 * rows)
        lines = [[store.rainy(i) for i in chosen[k : k + 3]] for k in range(0, len(chosen), 3)]
    step = CELL + GAP
    sheet = np.full((len(lines) * step + GAP, 3 * step + GAP, 3), BACKGROUND, np.uint8)
    for row, line in enumerate(lines):
        for column, picture in enumerate(line):
            _paste(sheet, thumbnail(picture, CELL), GAP + row * step, GAP + column * step)
    return sheet


def write_contact_sheet(store: ImageStore, path: Path, rows: int = 8) -> None:
    """Write :func:`contact_sheet` to a PNG file."""
    write_picture(path, contact_sheet(store, rows))


def _pair(store: ImageStore, index: int) -> list[Picture]:
    rainy, clean = store.rainy(index), store.clean(index)
    layer = 128 + 2 * (rainy.astype(np.int16) - clean)
    return [rainy, clean, layer.clip(0, 255).astype(np.uint8)]


def _paste(sheet: Picture, picture: Picture, top: int, left: int) -> None:
    """Put ``picture`` in the middle of the cell at ``top``, ``left``."""
    height, width = picture.shape[:2]
    top, left = top + (CELL - height) // 2, left + (CELL - width) // 2
    sheet[top : top + height, left : left + width] = picture
