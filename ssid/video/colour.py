"""Y'CbCr of videos to R'G'B' and back, by the standards' formulas.

FFmpeg's own conversion to RGB is a table look-up that is up to three levels off (libswscale 9.5
through PyAV 18.1, ``to_ndarray(format="rgb24")`` and ``reformat``, 4:2:0 input, constant colours).
Only the chroma planes are resized there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Planes = NDArray[np.unsignedinteger]
"""3×H×W: Y', Cb, Cr at full size, uint8 or uint16."""

WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}
"""K_R and K_B. Sources: ITU-R BT.601-7 (2.5.1), BT.709-6 (3.2), BT.2020-2 (table 4)."""


@dataclass(frozen=True)
class Coding:
    """How the numbers of a video mean colours.

    Attributes:
        matrix: a key of ``WEIGHTS``.
        full: flag that says whether levels use the full range (0…255) or the limited one
            (16…235, 16…240).
        bits: bits of a sample, from 8 to 16.
    """

    matrix: str
    full: bool
    bits: int = 8

    @property
    def scales(self) -> tuple[float, float, float, float]:
        """Return offset and span of Y', offset and span of Cb and Cr. Source: BT.709-6 (4.6)."""
        unit = 1 << (self.bits - 8)
        if self.full:
            highest = (1 << self.bits) - 1
            return 0, highest, 128 * unit, highest
        return 16 * unit, 219 * unit, 128 * unit, 224 * unit


def to_rgb(planes: Planes, coding: Coding) -> NDArray[np.float32]:
    """Return R'G'B' of a frame, H×W×3 in [0, 1].

    E'_R = E'_Y + 2(1 − K_R)·E'_Cr and so on: BT.601-7 (2.5.1) solved for the colours.
    """
    kr, kb = WEIGHTS[coding.matrix]
    y_offset, y_span, c_offset, c_span = coding.scales
    y, cb, cr = planes.astype(np.float32)
    y = (y - y_offset) / y_span
    red = y + (cr - c_offset) * (2 * (1 - kr) / c_span)
    blue = y + (cb - c_offset) * (2 * (1 - kb) / c_span)
    green = (y - kr * red - kb * blue) / (1 - kr - kb)
    return np.stack([red, green, blue], axis=2).clip(0, 1)


def from_rgb(image: NDArray[np.float32], coding: Coding) -> Planes:
    """Return the frame 3×H×W of R'G'B' H×W×3 in [0, 1]: the inverse of :func:`to_rgb`."""
    kr, kb = WEIGHTS[coding.matrix]
    y_offset, y_span, c_offset, c_span = coding.scales
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    y = kr * red + (1 - kr - kb) * green + kb * blue
    cb = (blue - y) * (c_span / (2 * (1 - kb))) + c_offset
    cr = (red - y) * (c_span / (2 * (1 - kr))) + c_offset
    planes = np.rint(np.stack([y * y_span + y_offset, cb, cr])).clip(0, (1 << coding.bits) - 1)
    return planes.astype(np.uint8 if coding.bits == 8 else np.uint16)
