"""Whether single photographs can be what they are taken for: real rain, or ground without any."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from ssid.data.images import ImageError, read_rgb
from ssid.data.sources.decision import find_sides
from ssid.data.sources.detection import look_into
from ssid.data.sources.layouts import Source
from ssid.data.sources.listing import Photograph
from ssid.data.sources.streaks import look_rainy
from ssid.data.sources.words import says_clean, says_rainy
from ssid.data.splits import evenly_spaced
from ssid.errors import UserError
from ssid.pictures import Picture

_LOOKED_AT = 40
_OVERRULE = "If they are free of rain all the same, say --layout photographs."


def check_rainy(root: Path) -> None:
    """Look at the photographs that are to be taken for real rain.

    A file name that says clean proves nothing by itself: photographs of Real-275 are called
    ``norain-1``.

    Raises:
        UserError: A folder says that its pictures are clean.
    """
    look_into(root, _check_rainy)


def check_clean(root: Path, manifest: str | None = None) -> None:
    """Look at the photographs that rain is to be rendered on.

    Raises:
        UserError: Folders or names say that they are rainy; they are pairs; or they look rainy.
    """
    look_into(root, _check_clean, manifest)


def _check_rainy(source: Source) -> None:
    photographs = source.listing.photographs
    clean = [p.name for p in photographs if _in_clean_folder(source.root, p)]
    if clean:
        raise UserError(
            f"{len(clean)} of {len(photographs)} images lie in folders that say they are clean,"
            f" e.g. {clean[0]}, and no pairs were found: they would be taken for photographs of"
            f" real rain. If they are rainy all the same, say --layout photographs; if they are"
            " clean photographs to render rain on, name a profile with --rain; if they are targets,"
            " add the folder that holds both sides, and say --rainy FOLDER --clean FOLDER."
        )


def _in_clean_folder(root: Path, photograph: Photograph) -> bool:
    folders = (root.stem, *PurePosixPath(photograph.name).parts[:-1])
    return any(says_clean(folder) for folder in folders)


def _check_clean(source: Source) -> None:
    photographs = source.listing.photographs
    rainy = [p.name for p in photographs if _says_rainy(source.root, p)]
    if rainy:
        raise UserError(
            f"{len(rainy)} of {len(photographs)} images are rainy by their names, e.g. {rainy[0]};"
            f" rain is rendered on clean photographs only. Give the folder of the clean ones."
            f" {_OVERRULE}"
        )
    _check_no_pairs(photographs)
    if look_rainy(_opened(photographs)):
        raise UserError(
            "the photographs look rainy: bright streaks stand out in their mean; rain is rendered"
            f" on clean photographs only. {_OVERRULE}"
        )


def _opened(photographs: Sequence[Photograph]) -> Iterator[Picture]:
    for photograph in evenly_spaced(photographs, _LOOKED_AT):
        with suppress(ImageError):
            yield read_rgb(photograph.path)


def _check_no_pairs(photographs: Sequence[Photograph]) -> None:
    try:
        decision = find_sides(photographs)
    except UserError as question:
        raise UserError(
            f"rain is rendered on clean photographs only, and some seem to be rainy: {question}"
            f" {_OVERRULE}"
        ) from None
    if decision is not None:
        raise UserError(
            f"rain is rendered on clean photographs only, and these are pairs: {decision.reason}."
            " Give the folder of the clean side, or leave out --rain to take the pairs as they are."
            f" {_OVERRULE}"
        )


def _says_rainy(root: Path, photograph: Photograph) -> bool:
    """Return whether the last word on the matter, from the root to the name, is rain."""
    path = PurePosixPath(photograph.name)
    parts = [root.stem, *path.parts[:-1], path.stem]
    said = [says_rainy(part) for part in parts if says_rainy(part) or says_clean(part)]
    return bool(said) and said[-1]
