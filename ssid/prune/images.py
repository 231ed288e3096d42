"""Endless batches of images to distil on; none needs the training data."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ssid.data.images import ImageError, read_rgb
from ssid.data.rain.render import render
from ssid.data.sources.listing import RefusedFile, list_folder, list_text, reasons
from ssid.data.splits import evenly_spaced
from ssid.errors import UserError
from ssid.pictures import Picture, to_tensor


def read_pictures(root: Path, limit: int | None = None) -> list[Picture]:
    """Return at most ``limit`` photographs, evenly spaced, uint8 H×W×3.

    Args:
        root: a folder, or a text list of photographs.
        limit: number of photographs at most; None for all.

    Raises:
        UserError: if there is nothing at ``root``, or no photograph that can be used.
    """
    if not root.exists():
        raise UserError(f"there is no folder or list of clean photographs {root}.")
    listing = list_folder(root) if root.is_dir() else list_text(root)
    pictures, refused = [], list(listing.refused)
    for photograph in evenly_spaced(listing.photographs, limit):
        try:
            pictures.append(read_rgb(photograph.path))
        except ImageError as reason:
            refused.append(RefusedFile(photograph.name, str(reason)))
    if not pictures:
        raise UserError(f"{root} has no photographs that can be used.\n{reasons(refused)}")
    return pictures


def random_crops(pictures: Sequence[Picture], batch: int, side: int, seed: int) -> Iterator[Tensor]:
    """Yield batches of random crops, B×3×side×side in [0, 1], for ever.

    Pictures smaller than ``side`` are extended by reflection.
    """
    rng = np.random.default_rng(seed)
    while True:
        crops = [_crop(pictures[int(rng.integers(len(pictures)))], side, rng) for _ in range(batch)]
        yield to_tensor(np.stack(crops))


def in_rain(pictures: Iterable[Picture], profile: str, seed: int) -> list[Picture]:
    """Return the photographs in rendered rain of a profile, drawn once for each.

    Raises:
        UserError: if there is no such profile.
    """
    return [render(picture, profile, seed + i)[0] for i, picture in enumerate(pictures)]


def beside(first: Iterable[Tensor], second: Iterable[Tensor]) -> Iterator[Tensor]:
    """Yield batches of two kinds in one, for as long as there are both."""
    return (torch.cat(both) for both in zip(first, second, strict=False))


def random_noise(batch: int, side: int, seed: int) -> Iterator[Tensor]:
    """Yield batches of uniform noise, B×3×side×side in [0, 1], for ever."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        yield torch.rand(batch, 3, side, side, generator=generator)


def _crop(picture: Picture, side: int, rng: np.random.Generator) -> Picture:
    height, width = picture.shape[:2]
    top = rng.integers(max(height - side, 0) + 1)
    left = rng.integers(max(width - side, 0) + 1)
    patch = picture[top : top + side, left : left + side]
    missing = [(0, side - length) for length in patch.shape[:2]]
    return np.pad(patch, [*missing, (0, 0)], mode="symmetric")
