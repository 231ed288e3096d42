"""Photographs of real rain, each with a mask of its streaks; a clean one as well, or none."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from ssid.data.sources.layouts.registry import LAYOUTS, Detected, Item, Layout, Pairing, Source
from ssid.data.sources.listing import Photograph, RefusedFile
from ssid.data.sources.pairing import CLEAN_FOLDERS, RAINY_FOLDERS

MASK_FOLDERS = ("mask", "masks")
Key = tuple[str, ...]
Files = dict[Key, Photograph]


def list_masked(source: Source) -> Pairing:
    """Make an item of every rainy photograph that has a mask of its path and name.

    Where some photographs have a clean one, the others are refused: a set has truth or has none.
    """
    listing = source.listing
    refused = list(listing.refused)
    sides: dict[str, Files] = {"rainy": {}, "mask": {}, "clean": {}}
    for photograph in listing.photographs:
        side, key = _locate(photograph)
        if not side:
            refused.append(RefusedFile(photograph.name, _OUTSIDE))
        elif key in sides[side]:
            refused.append(RefusedFile(photograph.name, "another file has its name"))
        else:
            sides[side][key] = photograph
    needed = ["rainy", "mask", "clean"] if sides["clean"] else ["rainy", "mask"]
    whole = [key for key in sides["rainy"] if all(key in sides[side] for side in needed)]
    for files in sides.values():
        refused += [
            RefusedFile(file.name, f"no {_lacking(sides, needed, key)} image has its name")
            for key, file in files.items()
            if key not in whole
        ]
    items = [_item(sides, key) for key in whole]
    return Pairing(items, refused, len(listing.photographs) + len(listing.refused))


def detect_masked(source: Source) -> Detected | None:
    """Return whether photographs lie in a folder for rainy ones and masks beside it.

    Where clean ones do, too, they are taken for pairs unless the user says otherwise.
    """
    if not source.root.is_dir():
        return None
    items = list_masked(source).items
    if not items or items[0].clean or 2 * len(items) < _count_rainy(source.listing.photographs):
        return None
    return Detected("masked", None, f"{len(items)} photographs have a mask of their name")


def _count_rainy(photographs: Sequence[Photograph]) -> int:
    return sum(_locate(photograph)[0] == "rainy" for photograph in photographs)


def _locate(photograph: Photograph) -> tuple[str, Key]:
    """Return the side that the nearest folder tells, and the path without that folder."""
    path = PurePosixPath(photograph.name)
    folders = path.parts[:-1]
    for i in reversed(range(len(folders))):
        for side, names in _SIDES.items():
            if folders[i].casefold() in names:
                return side, (*folders[:i], *folders[i + 1 :], path.stem)
    return "", ()


def _lacking(sides: dict[str, Files], needed: Sequence[str], key: Key) -> str:
    return " or ".join(side for side in needed if key not in sides[side])


def _item(sides: dict[str, Files], key: Key) -> Item:
    rainy = sides["rainy"][key]
    return Item(rainy.name, rainy, sides["clean"].get(key), mask=sides["mask"][key])


_SIDES = {"mask": MASK_FOLDERS, "rainy": RAINY_FOLDERS, "clean": CLEAN_FOLDERS}
_OUTSIDE = "it lies neither in a folder of rainy photographs nor in one of masks"

LAYOUTS.add(
    "masked",
    Layout(
        description="photographs of real rain, and masks of their streaks (rainy/, mask/)",
        items=list_masked,
        detect=detect_masked,
        advice=(
            "Layout masked expects two folders with equal names: rainy with the photographs, and"
            " mask with pictures that are white where streaks are and black elsewhere; a third,"
            " clean, where there is truth."
        ),
        paired=False,
        mask="streaks",
        rank=5,
    ),
)
