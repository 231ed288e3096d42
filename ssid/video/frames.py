"""Frames of a video as images: upright, in [0, 1]; and back to how the video stores them."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssid.errors import UserError
from ssid.video.colour import Coding, Planes, from_rgb, to_rgb

Image = NDArray[np.float32]
"""R'G'B' of H×W×3 in [0, 1], upright."""

HD_HEIGHT = 720
"""Lines from which on an unlabelled video is BT.709 rather than BT.601, as players take it."""

_MATRICES = {1: "bt709", 5: "bt601", 6: "bt601", 9: "bt2020"}
_LIMITED, _FULL = 1, 2


@dataclass(frozen=True)
class Layout:
    """How the video stores its frames, and stores the results.

    Attributes:
        coding: meaning of the numbers.
        pixels: FFmpeg's name of the pixel format of the results, such as ``yuv420p``.
        transposed: flag that says whether rows become columns upright.
        flipped: flag that says whether the upright image is mirrored up-down, and left-right,
            after that.
        tags: colorspace, range, primaries and transfer as the stream states them.
        aspect: width of an upright pixel by its height; 0 where the stream does not state it.
    """

    coding: Coding
    pixels: str
    transposed: bool
    flipped: tuple[bool, bool]
    tags: dict[str, int]
    aspect: Fraction = Fraction(0)

    @property
    def planar(self) -> str:
        """Return the pixel format with chroma at full size in which frames are converted."""
        return "yuv444p" if self.coding.bits == 8 else "yuv444p16le"

    def image(self, frame: Any) -> Image:
        """Return a frame as an upright image."""
        image = to_rgb(self._planes(frame), self.coding)
        image = image.swapaxes(0, 1) if self.transposed else image
        return np.ascontiguousarray(image[self._order()])

    def frame(self, image: Image, av: Any) -> Any:
        """Return an upright image as a frame; it stays upright, the video needs no turning."""
        planes = from_rgb(image, self.coding)
        if self.coding.bits == 16:  # of which PyAV takes pixels, rather than planes
            planes = np.ascontiguousarray(planes.transpose(1, 2, 0))
        frame = av.VideoFrame.from_ndarray(planes, format=self.planar)
        frame = frame.reformat(format=self.pixels, **self._same_range())
        frame.colorspace, frame.color_range = self.tags["colorspace"], self.tags["color_range"]
        return frame

    def _planes(self, frame: Any) -> Planes:
        if frame.format.name.startswith("gray"):  # which libswscale takes for full range, always
            grey = frame.to_ndarray()
            grey = grey if self.coding.bits == 8 else grey << (16 - _bits(frame))
            return np.stack([grey, *[np.full_like(grey, 128 << (self.coding.bits - 8))] * 2])
        planes = frame.reformat(format=self.planar, **self._same_range()).to_ndarray()
        return planes if self.coding.bits == 8 else planes.transpose(2, 0, 1)

    def _order(self) -> tuple[slice, slice]:
        rows, columns = (slice(None, None, -1 if flip else 1) for flip in self.flipped)
        return rows, columns

    def _same_range(self) -> dict[str, int]:
        """Return what keeps levels as they are while chroma is resized."""
        known = _FULL if self.coding.full else _LIMITED
        return {"src_color_range": known, "dst_color_range": known}


def layout_of(frame: Any, stream: Any, pixels_written: frozenset[str] = frozenset()) -> Layout:
    """Return how a stream stores its frames, told by its first frame.

    Args:
        frame: the first one.
        stream: the video stream.
        pixels_written: pixel formats that the encoder takes; none for frames that are only read.

    Raises:
        UserError: if samples have more bits than 16 or are no Y'CbCr that is known here.
    """
    matrix = _MATRICES.get(int(frame.colorspace))
    if matrix is None:
        matrix = "bt709" if frame.height >= HD_HEIGHT else "bt601"
    name = frame.format.name
    full = name.startswith("yuvj") or int(frame.color_range) == _FULL
    if frame.format.is_rgb or "pal" in name or _bits(frame) > 16:
        raise UserError(f"videos in the pixel format {name} are not read; convert them first.")
    transposed, flipped = _turn(frame)
    context = stream.codec_context
    tags = {
        "colorspace": int(frame.colorspace),
        "color_range": _FULL if full else _LIMITED,
        "color_primaries": int(context.color_primaries),
        "color_trc": int(context.color_trc),
    }
    coding = Coding(matrix, full, 16 if _bits(frame) > 8 else 8)
    pixels = _pixels_of_result(frame, pixels_written)
    aspect = stream.sample_aspect_ratio or Fraction(0)
    upright = 1 / aspect if transposed and aspect else aspect
    return Layout(coding, pixels, transposed, flipped, tags, upright)


def _pixels_of_result(frame: Any, written: frozenset[str]) -> str:
    """Return the frame's own pixel format, or the nearest that the encoder takes.

    Encoders take no chroma at half size where a side is odd; other codecs do.
    """
    deep = "10le" * (_bits(frame) > 8)
    if frame.width % 2 or frame.height % 2:
        return f"yuv444p{deep}"
    pixels: str = frame.format.name.replace("yuvj", "yuv")
    known = pixels in written and not pixels.startswith("gray")
    return pixels if known else f"yuv420p{deep}"


def _bits(frame: Any) -> int:
    return max(component.bits for component in frame.format.components)


def _turn(frame: Any) -> tuple[bool, tuple[bool, bool]]:
    """Return how a display matrix turns stored frames: transposed, then flipped.

    The matrix (a, b; c, d) takes a stored pixel (x, y) to (a·x + c·y, b·x + d·y).
    Source: ISO/IEC 14496-12, 8.3.2.3.
    """
    for data in frame.side_data:
        if data.type.name == "DISPLAYMATRIX":
            a, b, _, c, d = np.frombuffer(bytes(data), "<i4")[:5]
            transposed = bool(a == 0)
            across, down = (c, b) if transposed else (a, d)
            return transposed, (bool(down < 0), bool(across < 0))
    return False, (False, False)
