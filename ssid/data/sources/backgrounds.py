"""Whether photographs can be the ground that rain is rendered on: they must be free of it."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ssid.data.sources.decision import find_sides
from ssid.data.sources.detection import look_into
from ssid.data.sources.layouts import Source
from ssid.data.sources.listing import Photograph
from ssid.data.sources.words import says_clean, says_rainy
from ssid.errors import UserError

_OVERRULE = "If they are free of rain all the same, say --layout photographs."


def check_backgrounds(root: Path, manifest: str | None = None) -> None:
    """Look at the photographs that rain is to be rendered on.

    Raises:
        UserError: Folders or names say that they are rainy; or they are pairs.
    """
    look_into(root, _check, manifest)


def _check(source: Source) -> None:
    photographs = source.listing.photographs
    rainy = [p.name for p in photographs if _says_rainy(source.root, p)]
    if rainy:
        raise UserError(
            f"{len(rainy)} of {len(photographs)} images are rainy by their names, e.g. {rainy[0]};"
            f" rain is rendered on clean photographs only. Give the folder of the clean ones."
            f" {_OVERRULE}"
        )
    _check_no_pairs(photographs)


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
            f"rain is rendered on clean photographs only, and these are pairs: {decision.because}."
            " Give the folder of the clean side, or leave out --rain to take the pairs as they are."
            f" {_OVERRULE}"
        )


def _says_rainy(root: Path, photograph: Photograph) -> bool:
    """Return whether the last word on the matter, from the root to the name, is rain."""
    path = PurePosixPath(photograph.name)
    parts = [root.stem, *path.parts[:-1], path.stem]
    said = [says_rainy(part) for part in parts if says_rainy(part) or says_clean(part)]
    return bool(said) and said[-1]
