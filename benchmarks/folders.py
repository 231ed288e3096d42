"""The folders of `--data`, which every user has somewhere else."""

from pathlib import Path

from torch import Tensor

from ssid.data.images import read_rgb
from ssid.data.sources.halves import split_halves
from ssid.errors import UserError
from ssid.pictures import Picture, to_tensor

HALVES = ("rain100l", "rain100h")
"""The sets of which one half is tested on."""

PairFiles = tuple[Path, Path | None]
"""The rainy and the clean file of a pair; None where the first one holds both."""


def files_in(folder: Path) -> list[Path]:
    """Return what lies in a folder, sorted by name.

    Raises:
        UserError: if there is no such folder, or nothing in it.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; is --data right?")
    files = sorted(folder.iterdir())
    if not files:
        raise UserError(f"{folder}: found no file in it.")
    return files


def list_pairs(data: Path, place: str) -> list[PairFiles]:
    """Return the files of the test pairs of Rain100L, Rain100H or Rain800.

    Raises:
        UserError: if they are not in the folder ``data``.
    """
    folder = data / "paired" / place
    if place in HALVES:
        return [(file, folder / "clean" / file.name) for file in files_in(folder / "rainy")]
    return [(file, None) for file in files_in(folder / "test")]


def open_pair(files: PairFiles) -> tuple[Picture, Picture]:
    """Return the rainy and the clean picture of a pair; of two in one file the left is clean."""
    first = read_rgb(files[0])
    return split_halves(first, "clean_rainy") if files[1] is None else (first, read_rgb(files[1]))


def open_tensors(files: PairFiles) -> tuple[Tensor, Tensor]:
    """Return the rainy and the clean picture of a pair, 1×3×H×W each, RGB in [0, 1]."""
    rainy, clean = open_pair(files)
    return to_tensor(rainy)[None], to_tensor(clean)[None]
