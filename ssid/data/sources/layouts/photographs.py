"""Single photographs: rainy ones, or clean ones on which rain is rendered."""

from functools import partial

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


def list_photographs(source: Source) -> Pairing:
    """Make an item of every file, rainy or clean as the source says."""
    listing = source.listing
    return single_items(listing.photographs, partial(_item, source.clean), listing.refused)


def detect_photographs(source: Source) -> Detected:
    """Take whatever no other layout fits."""
    return Detected(
        "photographs", None, "the names tell of no pairs, and the halves of the images differ"
    )


def _item(clean: bool, file: Photograph) -> Item:
    return Item(file.name, clean=file) if clean else Item(file.name, rainy=file)


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
