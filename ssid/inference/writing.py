"""Results on disk: whole or not at all, in the format that was asked for."""

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from PIL import Image

from ssid.errors import UserError
from ssid.files import atomic_write
from ssid.inference.options import Format
from ssid.inference.pictures import Levels, Photo
from ssid.pictures import to_8_bits

FORMATS: Mapping[str, str] = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".jpe": "jpeg",
    ".jfif": "jpeg",
    ".webp": "webp",
    ".avif": "avif",
    ".tif": "tiff",
    ".tiff": "tiff",
}
"""Suffix to format; the first suffix of a format is the one that results get."""

QUALITY: Mapping[str, int] = {"jpeg": 95, "webp": 90, "avif": 85}


@dataclass(frozen=True)
class Output:
    """How results are written.

    Attributes:
        format: format of the files; ``same`` is that of each photograph, or PNG where it cannot be
            written.
        quality: number from 1 to 100, of JPEG, WebP and AVIF; None takes 95, 90 and 85. The other
            formats lose nothing.
    """

    format: Format = "png"
    quality: int | None = None

    def __post_init__(self) -> None:
        if self.quality is not None and self.format in ("png", "tiff"):
            raise UserError(f"{self.format} loses nothing and has no quality; leave it out.")

    def suffix(self, source: Path) -> str:
        """Return the suffix of the result for the photograph ``source``."""
        if self.format == "same":
            return source.suffix if source.suffix.lower() in FORMATS else ".png"
        return next(suffix for suffix, name in FORMATS.items() if name == self.format)


def format_of(target: Path) -> str | None:
    """Return the format that the name of a result says; None for folders and other names."""
    return None if target.is_dir() else FORMATS.get(target.suffix.lower())


def output_of(source: Path, target: Path, format: Format | None, quality: int | None) -> Output:
    """Return how results are written: as the user says, or as the name of a single one ends.

    Raises:
        UserError: if the two contradict each other, or the format has no quality.
    """
    named = format_of(target) if source.is_file() else None
    asked = FORMATS[Output(format).suffix(source).lower()] if format else named
    if named and asked != named:
        raise UserError(f"--format {format} contradicts the name of the result, {target}.")
    return Output(format or cast("Format", named or "png"), quality)


def write_photo(path: Path, photo: Photo, quality: int | None = None) -> None:
    """Write a photograph in the format that the suffix of ``path`` names.

    16 bits a channel stay so in PNG and TIFF, and are rounded to 8 elsewhere. JPEG has no
    transparency: it is laid on white.

    Raises:
        UserError: if the file cannot be written.
    """
    try:
        with atomic_write(path) as partial:
            _encode(photo, partial, FORMATS[path.suffix.lower()], quality)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error


def _encode(photo: Photo, path: Path, form: str, quality: int | None) -> None:
    if photo.colour.dtype == np.uint16 and form in _DEEP:
        _DEEP[form](photo, path)
        return
    channels = _to_8_bits(photo.channels())
    if form == "jpeg" and photo.alpha is not None:
        channels = _on_white(channels)
    options: dict[str, Any] = {"icc_profile": photo.profile, "exif": photo.exif}
    if form in QUALITY:
        options["quality"] = quality or QUALITY[form]
    if form == "jpeg":
        options["subsampling"] = 0  # half the colour resolution would blur what was kept
    given = {name: value for name, value in options.items() if value is not None}
    Image.fromarray(channels.squeeze()).save(path, format=form, **given)


def _to_8_bits(channels: Levels) -> Levels:
    return channels if channels.dtype == np.uint8 else to_8_bits(channels)


def _on_white(channels: Levels) -> Levels:
    opacity = channels[..., -1:].astype(np.float32) / 255
    mixed = channels[..., :-1] * opacity + 255 * (1 - opacity)
    return np.rint(mixed).astype(np.uint8)


def _deep_png(photo: Photo, path: Path) -> None:
    """Write 16 bits a channel, which Pillow does for grey alone. Source: PNG (W3C, 2003), 11."""
    channels = np.ascontiguousarray(photo.channels(), dtype=">u2")
    height, width, count = channels.shape
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[count]
    rows = channels.reshape(height, -1).view(np.uint8)
    unfiltered = np.pad(rows, ((0, 0), (1, 0)))  # each row begins with the number of its filter
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    chunks = [(b"IHDR", header)]
    if photo.profile:
        chunks.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(photo.profile)))
    if photo.exif:
        chunks.append((b"eXIf", photo.exif.removeprefix(b"Exif\0\0")))
    chunks += [(b"IDAT", zlib.compress(unfiltered.tobytes(), 6)), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks))


def _chunk(kind: bytes, content: bytes) -> bytes:
    size, check = len(content), zlib.crc32(kind + content)
    return struct.pack(">I", size) + kind + content + struct.pack(">I", check)


def _deep_tiff(photo: Photo, path: Path) -> None:
    import tifffile

    tifffile.imwrite(
        path,
        photo.channels().squeeze(),
        photometric="minisblack" if photo.grey else "rgb",
        extrasamples=None if photo.alpha is None else ["unassalpha"],
        compression="zlib",
        iccprofile=photo.profile,
        metadata=None,
    )


_DEEP: dict[str, Callable[[Photo, Path], None]] = {"png": _deep_png, "tiff": _deep_tiff}
