"""Decode one photograph, of any common kind, to 8-bit RGB; or say why it cannot be used."""

import io
import os
import stat
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from ssid.pictures import Picture, to_8_bits

T = TypeVar("T")

MIN_SIDE = 32
MAX_PIXELS = 100_000_000
MAX_BYTES = 1 << 30
BITS_PER_SAMPLE, PHOTOMETRIC, PLANAR_CONFIGURATION = 258, 262, 284  # tags of TIFF
_BYTES_A_PIXEL = 9  # the picture, and copies of it while it is decoded and converted

# A closed list, because some of Pillow's other readers start external programs. JPEG includes the
# multi-picture files of telephones.
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "AVIF", "GIF", "HEIF", "JXL")
_NEED_PLUGIN = {".heic": "HEIF", ".heif": "HEIF", ".jxl": "JXL"}


class ImageError(Exception):
    """A file that cannot be used. The text is the reason, free of paths and equal in every run."""


def read_rgb(path: Path) -> Picture:
    """Decode the photograph at ``path``.

    What becomes of the unusual kinds: grey is repeated in three channels; transparency is laid on
    white; 16 bits are scaled by their range (65535 -> 255; coloured 16-bit files keep their high
    byte, which is at most one level lower); an EXIF orientation is applied; of an animation or a
    multi-page file the first picture is taken; an embedded colour profile is converted to sRGB,
    and ignored where it cannot be applied, as viewers do.

    Returns:
        uint8 H×W×3, at least ``MIN_SIDE`` pixels a side.

    Raises:
        ImageError: The file is not a readable, whole photograph of acceptable size.
    """
    return decode(path, _to_picture)


def decode(path: Path, convert: Callable[[Image.Image], T]) -> T:
    """Open the photograph at ``path`` and return what ``convert`` makes of it.

    Args:
        path: the file, of any origin.
        convert: called once with the picture, not yet decoded, of at most ``MAX_PIXELS``.

    Raises:
        ImageError: The file is not a readable, whole photograph of acceptable size.
    """
    _check_file(path)
    try:
        with path.open("rb") as file, Image.open(file, formats=_formats()) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ImageError(_too_large())
            return convert(image)
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(_unknown(path)) from None
    except Image.DecompressionBombError:
        raise ImageError(_too_large()) from None
    except Exception as error:
        # The bytes are hostile and Pillow's parsers raise nearly every exception there is.
        raise ImageError(_damage(error)) from None


def bytes_to_decode(path: Path) -> int:
    """Return about how much memory :func:`read_rgb` takes for a file, by its header; 0 if none."""
    try:
        _check_file(path)
        with Image.open(path, formats=_formats()) as image:
            return image.width * image.height * _BYTES_A_PIXEL
    except Exception:  # refused when it is read, with the reason
        return 0


def check_size(picture: NDArray[Any]) -> None:
    """Raise ``ImageError`` where a side of ``picture`` (H×W×3) is below ``MIN_SIDE`` pixels."""
    height, width = picture.shape[:2]
    if min(height, width) < MIN_SIDE:
        raise ImageError(
            f"too small: {width}×{height} pixels, at least {MIN_SIDE} a side are needed"
        )


def shrink(picture: Picture, max_side: int | None) -> Picture:
    """Return ``picture`` with its longer side reduced to ``max_side`` pixels (Lanczos).

    Raises:
        ImageError: The shorter side would fall below ``MIN_SIDE``.
    """
    height, width = picture.shape[:2]
    if max_side is None or max(height, width) <= max_side:
        return picture
    scale = max_side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
    check_size(small)
    return small


@cache
def _formats() -> list[str]:
    """Return the formats that can be read here: Pillow may lack one, and two are of plugins."""
    Image.init()
    if find_spec("pillow_heif"):
        import_module("pillow_heif").register_heif_opener()
    if find_spec("pillow_jxl"):
        import_module("pillow_jxl")  # registers itself
    return [name for name in _FORMATS if name in Image.OPEN]


def _unknown(path: Path) -> str:
    needed = _NEED_PLUGIN.get(path.suffix.lower())
    if needed and needed not in _formats():
        kind = "JPEG XL" if needed == "JXL" else "HEIC"
        return f"{kind} cannot be read here: pip install 'ssid[formats]', or convert it to JPEG"
    if _begins_as_tiff(path):
        return (
            "a TIFF of a kind that cannot be read: save it as RGB or grey, 8 or 16 bits a channel"
        )
    return "not an image: its content is none of " + ", ".join(_formats())


def _begins_as_tiff(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def _check_file(path: Path) -> None:
    """Refuse what must not even be opened: opening a named pipe would wait for ever."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise ImageError(_unreadable(error)) from None
    if not stat.S_ISREG(status.st_mode):
        raise ImageError("not a regular file")
    if status.st_size == 0:
        raise ImageError("empty file")
    if status.st_size > MAX_BYTES:
        raise ImageError(f"too large: the file is above {MAX_BYTES >> 20} MiB")


def _to_picture(image: Image.Image) -> Picture:
    profile = image.info.get("icc_profile")
    ImageOps.exif_transpose(image, in_place=True)
    picture = np.array(to_srgb(_to_8_bits(image), profile), dtype=np.uint8)
    check_size(picture)
    return picture


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Bring any mode to 8 bits a channel, without palette and transparency."""
    if image.mode.startswith("I;16"):
        return Image.fromarray(to_8_bits(grey_levels(image)))
    check_depth(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB") if image.mode in ("1", "P") else image


def grey_levels(image: Image.Image) -> NDArray[np.uint16]:
    """Return 16-bit grey H×W with black as zero, as which Pillow shows 8 bits alone."""
    levels = np.asarray(image).astype(np.uint16)
    white_is_zero = isinstance(image, TiffImageFile) and image.tag_v2.get(PHOTOMETRIC) == 0
    return 65535 - levels if white_is_zero else levels


def check_depth(image: Image.Image) -> None:
    """Raise ``ImageError`` for a picture of 32 bits a channel, or one that Pillow misreads.

    Pillow (12.3 and 13.0) takes each byte for a sample where 16 bits a channel are stored plane
    by plane, as tifffile does with an array 3×H×W.
    """
    if image.mode in ("I", "F"):
        raise ImageError("32 bits a channel: the range of its values is not known")
    if not isinstance(image, TiffImageFile) or image.tag_v2.get(PLANAR_CONFIGURATION) != 2:
        return
    bits = image.tag_v2.get(BITS_PER_SAMPLE, ())
    if len(bits) > 1 and max(bits) > 8 and image.info.get("compression") == "raw":
        raise ImageError(
            "16 bits a channel, plane by plane: save it pixel by pixel (H×W×3), or compressed"
        )


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return ``image`` as 8-bit RGB, through its colour profile where that can be applied."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")


def _too_large() -> str:
    return f"too large: above {MAX_PIXELS // 1_000_000} million pixels"


def _unreadable(error: OSError | ValueError) -> str:
    text = error.strerror if isinstance(error, OSError) else "its name is not a path"
    return f"cannot be read: {text}"


def _damage(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return f"cannot be read: {os.strerror(error.errno)}"
    if "truncated" in str(error):
        return "truncated: the file ends before its picture does"
    return f"damaged: it cannot be decoded ({type(error).__name__})"
