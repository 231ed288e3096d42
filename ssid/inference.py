"""Derain photographs of any size: one image in memory, a file, or a whole folder."""

import math
import os
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from ssid.data.images import Refused, read_rgb
from ssid.data.sources.listing import Listing, Photograph, RefusedFile, list_folder, printable
from ssid.errors import UserError
from ssid.models import Derainer
from ssid.pictures import Picture
from ssid.progress import track

# Tiles begin at multiples of this, so that pooling and strides see the grid of the whole image.
TILE_GRID = 32


@dataclass
class Summary:
    """What became of a folder.

    Attributes:
        written: files that were derained, in order.
        refused: files that could not be, with the reason.
    """

    written: list[Path] = field(default_factory=list)
    refused: list[RefusedFile] = field(default_factory=list)


def find_student(trained: Path) -> Path:
    """Return the model file ``trained`` if it exists, else the student packaged with ssid.

    Raises:
        UserError: if there is neither.
    """
    packaged = Path(str(files("ssid") / "packaged" / "student.safetensors"))
    for file in (trained, packaged):
        if file.is_file():
            return file
    raise UserError(
        f"no model was found: there is neither {trained} in {Path.cwd()} nor {packaged}. Train a"
        " student with `dvc repro`, name a model file with --model, or install ssid again."
    )


def derain(model: Derainer, image: Picture, tile: int | None = None, overlap: int = 64) -> Picture:
    """Return the clean estimate of one photograph.

    Large images go through the network in square tiles. Where tiles share ``overlap`` pixels, the
    outer quarter of each is thrown away and the middle half blends smoothly, so that the result
    equals that of the whole image if no output looks further than ``overlap / 4`` pixels, and
    otherwise passes gradually from tile to tile.

    Args:
        model: the network, in evaluation mode, on the device to use.
        image: uint8 H×W×3 RGB of any size; sides below the network's minimum are extended by
            reflection and cut back.
        tile: side of the tiles in pixels; None takes the whole image at once.
        overlap: pixels that neighbouring tiles share at least.

    Returns:
        uint8 H×W×3, clamped and rounded.

    Raises:
        ValueError: if the overlap is negative or leaves less than 32 new pixels per tile.
    """
    height, width = image.shape[:2]
    if tile is None or tile >= max(height, width):
        return _to_8_bit(_estimate(model, image))
    if overlap < 0 or tile < overlap + TILE_GRID:
        raise ValueError(f"tile ({tile}) must exceed overlap ({overlap}) by at least {TILE_GRID}")
    total = np.zeros((height, width, 3), np.float32)
    weight = np.zeros((height, width, 1), np.float32)
    for top in _tile_starts(height, tile, overlap):
        rows = slice(top, min(top + tile, height))
        for left in _tile_starts(width, tile, overlap):
            columns = slice(left, min(left + tile, width))
            window = np.outer(_window(rows, height, overlap), _window(columns, width, overlap))
            total[rows, columns] += window[..., None] * _estimate(model, image[rows, columns])
            weight[rows, columns] += window[..., None]
    return _to_8_bit(total / weight)


def derain_folder(
    model: Derainer,
    source: Path,
    target: Path,
    tile: int | None = None,
    overlap: int = 64,
    replace: bool = True,
) -> Summary:
    """Derain one photograph, or all below a folder, into PNG files; the sources stay untouched.

    The files keep their place and name below ``target``, with the suffix ``.png``; where
    that name is taken (``a.jpg`` beside ``a.png``), the next keeps its own suffix too
    (``a.png.png``). A file that is no usable photograph is skipped and stands in the summary.

    Args:
        model: the network, in evaluation mode, on the device to use.
        source: a photograph or a folder, searched recursively.
        target: the folder to fill; for a single photograph also the ``.png`` file to write.
        tile: see :func:`derain`.
        overlap: see :func:`derain`.
        replace: whether results that exist already are replaced.

    Returns:
        What was written and what was refused; nothing is printed about refused files.

    Raises:
        UserError: if the source is missing or has no photographs, the target lies inside the
            source, a result exists and must not be replaced, or cannot be written.
    """
    listing = _find(source)
    destinations = _destinations(listing.photographs, source, target)
    if not replace:
        _refuse_existing(destinations)
    summary = Summary(refused=list(listing.refused))
    jobs = list(zip(listing.photographs, destinations, strict=True))
    for photograph, destination in track(jobs, len(jobs), "derain"):
        try:
            picture = read_rgb(photograph.path)
        except Refused as reason:
            summary.refused.append(RefusedFile(photograph.name, str(reason)))
            continue
        _write_png(destination, derain(model, picture, tile, overlap))
        summary.written.append(destination)
    return summary


def _estimate(model: Derainer, image: Picture) -> NDArray[np.float32]:
    """Return the network's estimate of an image, H×W×3 float on the scale 0…1, not clamped."""
    height, width = image.shape[:2]
    bottom, right = (max(model.min_side - side, 0) for side in (height, width))
    padded = np.pad(image, ((0, bottom), (0, right), (0, 0)), mode="reflect")
    device = next(model.parameters()).device
    with torch.inference_mode():
        rainy = torch.from_numpy(padded).to(device).permute(2, 0, 1)[None].float().div(255)
        estimate = model(rainy)[0, :, :height, :width].float()
    return estimate.permute(1, 2, 0).cpu().numpy()


def _to_8_bit(estimate: NDArray[np.float32]) -> Picture:
    return np.rint(estimate.clip(0, 1) * 255).astype(np.uint8)


def _tile_starts(size: int, tile: int, overlap: int) -> list[int]:
    """Return where tiles begin along one side of an image."""
    if size <= tile:
        return [0]
    stride = (tile - overlap) // TILE_GRID * TILE_GRID
    last = math.ceil((size - tile) / TILE_GRID) * TILE_GRID
    return [*range(0, size - tile, stride), last]


def _window(span: slice, size: int, overlap: int) -> NDArray[np.float32]:
    """Return a tile's weights along one side: 1, falling to 0 towards neighbouring tiles."""
    distance = (np.arange(span.stop - span.start) + 0.5) / max(overlap, 1)
    # From a quarter to three quarters of the overlap the smoothstep rises, flat at both ends.
    rise = np.clip(2 * distance - 0.5, 0, 1)
    rise = rise * rise * (3 - 2 * rise)
    window = np.ones(len(rise), np.float32)
    if span.start > 0:
        window *= rise
    if span.stop < size:
        window *= rise[::-1]
    return window


def _find(source: Path) -> Listing:
    if source.is_file():
        return Listing([Photograph(printable(source.name), source)], [])
    if not source.is_dir():
        raise UserError(f"there is no file or folder {source}")
    listing = list_folder(source)
    if not listing.photographs:
        raise UserError(f"no photographs were found in {source}")
    return listing


def _destinations(photographs: list[Photograph], source: Path, target: Path) -> list[Path]:
    """Return the PNG file for each photograph: all different, and none among the sources."""
    if source.is_file():
        single = target.suffix.lower() == ".png"
        destinations = [target if single else target / f"{source.stem}.png"]
    else:
        taken: dict[Path, None] = {}
        for photograph in photographs:
            relative = photograph.path.relative_to(source)
            destination = target / relative.with_suffix(".png")
            taken[target / f"{relative}.png" if destination in taken else destination] = None
        destinations = list(taken)
    for destination in destinations:
        if destination.resolve().is_relative_to(source.resolve()):
            raise UserError(
                f"the result {destination} would lie among the photographs; choose another target"
            )
    return destinations


def _refuse_existing(destinations: list[Path]) -> None:
    existing = [path for path in destinations if path.exists()]
    if existing:
        raise UserError(
            f"{len(existing)} of {len(destinations)} results exist already, such as {existing[0]}."
            " Name another OUTPUT, or add --replace."
        )


def _write_png(path: Path, picture: Picture) -> None:
    """Write beside the file and rename, so that a broken run leaves no half image."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(partial, format="PNG")
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error
