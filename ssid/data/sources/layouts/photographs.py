"""Single photographs: rainy ones, or clean ones on which rain is rendered."""

from functools import partial
from pathlib import PurePosixPath

from ssid.data.sources.layouts.registry import (
    LAYOUTS,
    Detected,
    Item,
    Layout,
    Pairing,
    Source,
    single_items,
)
from ssid.data.sources.listing import Photograph
from ssid.data.sources.words import says_clean
from ssid.errors import UserError

OVERRULE = "--layout photographs"


def list_photographs(source: Source) -> Pairing:
    """Make an item of every file, rainy or clean as the source says."""
    listing = source.listing
    return single_items(listing.photographs, partial(_item, source.clean), listing.refused)


def detect_photographs(source: Source) -> Detected:
    """Take whatever no other layout fits, unless folders say that pictures are clean.

    A file name that says clean proves nothing by itself: photographs of Real-275 are called
    ``norain-1``.

    Raises:
        UserError: A folder says that its pictures are clean.
    """
    photographs = source.listing.photographs
    clean = [photograph.name for photograph in photographs if _in_clean_folder(photograph)]
    if says_clean(source.root.stem):
        clean = [photograph.name for photograph in photographs]
    if clean:
        raise UserError(
            f"{len(clean)} of {len(photographs)} images lie in folders that say they are clean,"
            f" e.g. {clean[0]}, and no pairs were found: they would be taken for photographs of"
            f" real rain. If they are rainy all the same, say {OVERRULE}; if they are clean"
            " photographs to render rain on, name a profile with --rain; if they are targets,"
            " add the folder that holds both sides, and say --rainy FOLDER --clean FOLDER."
        )
    return Detected(
        "photographs", None, "the names tell of no pairs, and the halves of the images differ"
    )


def _item(clean: bool, file: Photograph) -> Item:
    return Item(file.name, clean=file) if clean else Item(file.name, rainy=file)


def _in_clean_folder(photograph: Photograph) -> bool:
    return any(says_clean(folder) for folder in PurePosixPath(photograph.name).parts[:-1])


LAYOUTS.add(
    "photographs",
    Layout(
        description="single images",
        items=list_photographs,
        detect=detect_photographs,
        advice="Put images (PNG, JPEG, WebP, BMP, TIFF, AVIF) in it, or give another path.",
        paired=False,
        rank=100,
    ),
)
