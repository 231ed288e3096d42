"""Pictures as arrays of bytes, as tensors, and side by side."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps
from torch import Tensor

from ssid.files import atomic_write

Picture = NDArray[np.uint8]
"""RGB, H×W×3, uint8."""

CELL = 400, 300
"""Width and height in pixels that a picture of a row is fitted into."""
STRIP = 24
MAX_BYTES = 300_000
QUALITIES = range(90, 20, -5)


class Row(NamedTuple):
    """A caption and the pictures below it, from left to right."""

    caption: str
    pictures: Sequence[Picture]


def to_tensor(pictures: NDArray[np.uint8], dtype: torch.dtype = torch.float32) -> Tensor:
    """Return pictures …×H×W×3 as a tensor …×3×H×W in [0, 1].

    >>> to_tensor(np.full((2, 4, 3), 255, np.uint8)).shape
    torch.Size([3, 2, 4])
    """
    return torch.from_numpy(np.array(pictures)).movedim(-1, -3).to(dtype).div(255)


def to_picture(image: Tensor) -> Picture:
    """Return an image 3×H×W in [0, 1] as a picture; values are clamped and rounded.

    >>> to_picture(torch.full((3, 1, 1), 0.5)).tolist()
    [[[128, 128, 128]]]
    """
    levels = image.detach().clamp(0, 1).mul(255).round().to(torch.uint8)
    return levels.movedim(-3, -1).contiguous().cpu().numpy()


def to_8_bits(levels: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return 16-bit levels scaled to 8 bits by their range, and rounded.

    >>> to_8_bits(np.array([0, 128, 129, 65535], np.uint16)).tolist()
    [0, 0, 1, 255]
    """
    return ((levels.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def write_picture(path: Path, picture: Picture) -> None:
    """Write a picture as PNG, or as what the suffix of ``path`` says."""
    with atomic_write(path) as partial:
        Image.fromarray(np.ascontiguousarray(picture)).save(partial)


def thumbnail(picture: Picture, side: int) -> Picture:
    """Return the picture, shrunk until neither side is longer than ``side`` pixels."""
    image = Image.fromarray(picture)
    image.thumbnail((side, side))
    return np.asarray(image)


def write_rows(path: Path, rows: Sequence[Row], max_bytes: int = MAX_BYTES) -> None:
    """Write rows of pictures below each other as the best JPEG of at most so many bytes.

    Raises:
        ValueError: if the rows do not fit into so many bytes at the lowest quality.
    """
    bands = [_band(row) for row in rows]
    size = max(band.width for band in bands), sum(band.height for band in bands)
    sheet = Image.new("RGB", size, "white")
    top = 0
    for band in bands:
        sheet.paste(band, (0, top))
        top += band.height
    with atomic_write(path) as partial:
        partial.write_bytes(_encoded(sheet, max_bytes))


def _band(row: Row) -> Image.Image:
    """Return the pictures of a row side by side, below their caption."""
    width = CELL[0]
    fitted = [ImageOps.contain(Image.fromarray(picture), CELL) for picture in row.pictures]
    band = Image.new("RGB", (width * len(fitted), STRIP + max(p.height for p in fitted)), "white")
    font = ImageFont.load_default(15)
    ImageDraw.Draw(band).text((4, STRIP // 2), row.caption, "black", font, anchor="lm")
    for column, picture in enumerate(fitted):
        band.paste(picture, (column * width + (width - picture.width) // 2, STRIP))
    return band


def _encoded(sheet: Image.Image, max_bytes: int) -> bytes:
    for quality in QUALITIES:
        buffer = io.BytesIO()
        sheet.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= max_bytes:
            return buffer.getvalue()
    raise ValueError(f"{sheet.height} rows of pixels are too many for {max_bytes} bytes")
