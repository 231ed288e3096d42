"""Rows of photographs side by side, each under a caption, in one picture."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont, ImageOps

from ssid.data.images import Picture

CELL = 400, 300
"""Width and height in pixels that a photograph is fitted into."""
STRIP = 24
MAX_BYTES = 300_000
QUALITIES = range(90, 20, -5)


class Row(NamedTuple):
    """A caption and the photographs below it, uint8 H×W×3, from left to right."""

    caption: str
    pictures: Sequence[Picture]


def write_rows(rows: Sequence[Row], path: Path, max_bytes: int = MAX_BYTES) -> None:
    """Write the rows as the best JPEG of at most so many bytes."""
    bands = [_band(row) for row in rows]
    size = max(band.width for band in bands), sum(band.height for band in bands)
    sheet = Image.new("RGB", size, "white")
    top = 0
    for band in bands:
        sheet.paste(band, (0, top))
        top += band.height
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_encoded(sheet, max_bytes))


def _band(row: Row) -> Image.Image:
    """Return the photographs of a row side by side, below their caption."""
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
