"""Photographs as they come, and results of the same kind: depth, grey, alpha, profile, EXIF."""

from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL.TiffImagePlugin import TiffImageFile

from ssid.data.images import (
    BITS_PER_SAMPLE,
    PHOTOMETRIC,
    ImageError,
    check_depth,
    check_size,
    decode,
    grey_levels,
    to_srgb,
)
from ssid.extras import explain_missing

Levels = NDArray[Any]
"""Colour values as stored: uint8 or uint16, of the full range of their type."""

ORIENTATION = 0x0112
RGB = 2
"""Among the photometric interpretations of TIFF."""
MULTIPLIED = 1
"""Among the extra samples of TIFF: alpha by which colours are multiplied."""


@dataclass(frozen=True)
class Photo:
    """One photograph, upright.

    Attributes:
        colour: H×W×3, uint8 or uint16, values as stored: no profile is applied to them.
        grey: flag that says whether the file has one channel of colour; the three are equal then.
        alpha: H×W of the type of ``colour``, where the file has transparency.
        profile: the ICC profile that tells what the values mean.
        exif: the EXIF block without orientation, which is applied.
        first: flag that says whether this is the first of several pictures in the file.
    """

    colour: Levels
    grey: bool = False
    alpha: Levels | None = None
    profile: bytes | None = None
    exif: bytes | None = None
    first: bool = False

    def channels(self) -> Levels:
        """Return H×W×C as the file has them: grey or colour, then alpha."""
        colour = self.colour[..., :1] if self.grey else self.colour
        if self.alpha is None:
            return colour
        return np.concatenate([colour, self.alpha[..., None]], axis=2, dtype=colour.dtype)


def read_photo(path: Path) -> Photo:
    """Decode the photograph at ``path``, and keep what kind it is of.

    An EXIF orientation is applied. Palettes become colours. CMYK and the like become sRGB, with
    their profile applied. Of an animation or a multi-page file the first picture is taken.

    Raises:
        ImageError: The file is not a readable, whole photograph of acceptable size, at least 32
            pixels a side.
    """
    photo = decode(path, lambda image: _convert(image, path))
    check_size(photo.colour)
    return photo


def _has_several(image: Image.Image) -> bool:
    """Return whether a file has several pictures; those of a telephone's are not photographs."""
    return image.format != "MPO" and getattr(image, "is_animated", False)


def _convert(image: Image.Image, path: Path) -> Photo:
    first, photo = _has_several(image), _one(image, path)
    return replace(photo, first=True) if first else photo


def _one(image: Image.Image, path: Path) -> Photo:
    profile = image.info.get("icc_profile")
    deep = _deep(image, path)
    if deep is not None:
        return _photo(_upright(deep, image), profile, _exif(image))
    check_depth(image)
    ImageOps.exif_transpose(image, in_place=True)  # copies nothing where nothing is to be turned
    exif = _exif(image)
    if image.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        return _photo(np.asarray(to_srgb(image, profile)), None, exif)
    return _photo(_array(image), profile, exif)


def _array(image: Image.Image) -> Levels:
    """Return the channels of an 8-bit mode or of 16-bit grey."""
    if image.mode.startswith("I;16"):
        return grey_levels(image)
    base = "L" if image.mode in ("1", "L", "LA", "La") else "RGB"
    mode = base + "A" * image.has_transparency_data
    return np.asarray(image if image.mode == mode else image.convert(mode))


def _photo(channels: Levels, profile: bytes | None, exif: bytes | None) -> Photo:
    if channels.ndim == 2:
        channels = channels[..., None]
    count = channels.shape[-1]
    grey = count < 3
    alpha = channels[..., -1] if count in (2, 4) else None
    colour = channels[..., :1].repeat(3, axis=2) if grey else channels[..., :3]
    whole: Levels = np.ascontiguousarray(colour)
    return Photo(whole, grey, alpha, profile, exif)


def _deep(image: Image.Image, path: Path) -> Levels | None:
    """Return the channels of a 16-bit colour file, of which Pillow gives the high bytes alone."""
    tiles: list[Any] = getattr(image, "tile", [])
    deep = bool(tiles) and str(tiles[0].args).endswith(";16B")
    if image.format == "PNG" and deep and image.mode != "I;16":
        return _deep_png(path)
    tags = image.tag_v2 if isinstance(image, TiffImageFile) else {}
    bits = tags.get(BITS_PER_SAMPLE, ())
    is_deep = len(bits) > 1 and set(bits) == {16} and tags.get(PHOTOMETRIC) == RGB
    return _deep_tiff(path) if is_deep else None


def _deep_png(path: Path) -> Levels:
    _need("torchvision")
    from torchvision.io import ImageReadMode, decode_image, read_file

    try:
        image = decode_image(read_file(str(path)), ImageReadMode.UNCHANGED)
    except RuntimeError:
        with Image.open(path, formats=["PNG"]) as again:
            again.load()  # says of the file what is wrong with it
        raise
    return image.permute(1, 2, 0).numpy()


def _need(module: str) -> None:
    """Refuse a file whose reader is not installed; what to install is part of the reason."""
    if find_spec(module) is None:
        raise ImageError(f"16 bits a colour channel: {explain_missing(module)}")


def _deep_tiff(path: Path) -> Levels:
    _need("tifffile")
    import tifffile

    try:
        with tifffile.TiffFile(path) as file:
            page = file.pages[0]
            pixels = page.asarray()
            planar = getattr(page, "planarconfig", 1) == 2
            multiplied = MULTIPLIED in (getattr(page, "extrasamples", None) or ())
    except ValueError as error:  # a compression that needs another package
        raise ImageError(f"a 16-bit TIFF that cannot be decoded here ({error})") from None
    pixels = np.moveaxis(pixels, 0, -1) if planar else pixels
    return _divided(pixels) if multiplied else pixels


def _divided(pixels: Levels) -> Levels:
    """Return 16-bit colours, which are multiplied by their alpha, as they were before."""
    alpha = pixels[..., 3:]
    colour = pixels[..., :3] * 65535.0 / np.maximum(alpha, 1)  # where it is 0 there is no colour
    return np.concatenate([colour.round().clip(0, 65535).astype(np.uint16), alpha], axis=2)


def _upright(channels: Levels, image: Image.Image) -> Levels:
    """Apply an EXIF orientation, as ``ImageOps.exif_transpose`` does."""
    turn = image.getexif().get(ORIENTATION, 1)
    if turn in (5, 6, 7, 8):
        channels = channels.swapaxes(0, 1)
    if turn in (3, 4, 7, 8):
        channels = channels[::-1]
    if turn in (2, 3, 6, 7):
        channels = channels[:, ::-1]
    return channels


def _exif(image: Image.Image) -> bytes | None:
    if isinstance(image, TiffImageFile):  # its tags say how the pixels are stored
        return None
    exif = image.getexif()
    exif.pop(ORIENTATION, None)
    return exif.tobytes() if len(exif) else None
