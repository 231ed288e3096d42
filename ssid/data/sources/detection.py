"""Tell the layout of a folder by its names, then by its pictures."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

from ssid.data.images import Refused, read_rgb
from ssid.data.params import Layout
from ssid.data.sources.archives import is_archive, unpack
from ssid.data.sources.correspondence import same_scene
from ssid.data.sources.layouts import Item, list_items
from ssid.data.sources.manifests import names_pairs
from ssid.data.sources.side_by_side import (
    CHECKED_IMAGES,
    CONTRARY_SHARE,
    more_gradient,
    split_halves,
)
from ssid.data.splits import evenly_spaced
from ssid.errors import UserError

HALVES_CORRELATION = 0.7
FEWEST_HALVES = 3


class Detected(NamedTuple):
    """A layout, the manifest that goes with it if any, and what speaks for it."""

    layout: Layout
    manifest: str | None
    because: str


def detect_layout(root: Path) -> Detected:
    """Return how the images lie in the folder, archive or text list ``root``.

    In this order: a list of pairs at the top of the folder; names that pair by
    :func:`ssid.data.sources.pairing.pair_by_name` for at least half of the files; images whose
    halves show one scene; single photographs. A name that says clean proves nothing by itself:
    photographs of Real-275 are called ``norain-1``.

    Raises:
        UserError: Nothing can be used; or the halves of the images show one scene, and it cannot
            be told which of them is rainy.
    """
    if is_archive(root):
        with tempfile.TemporaryDirectory() as scratch:
            unpack(root, Path(scratch) / root.name)
            return detect_layout(Path(scratch) / root.name)
    if root.is_dir():
        lists = sorted(file.name for file in root.iterdir() if names_pairs(file))
        if len(lists) == 1:
            return Detected("pairs", lists[0], f"{lists[0]} lists pairs")
        if paired := _paired_names(root):
            return Detected("pairs", None, f"the names of {paired} images tell which are pairs")
    return _by_content(list_items(root, "photographs").items)


def lists_pairs(file: Path) -> bool:
    """Return whether ``file`` is a manifest rather than a folder or a list of photographs."""
    return names_pairs(file) or file.suffix.lower() in {".csv", ".jsonl"}


def _paired_names(root: Path) -> int:
    """Return the number of rainy images with a partner, 0 where most files have none."""
    try:
        pairing = list_items(root, "pairs")
    except UserError:
        return 0
    return len(pairing.items) if 2 * len(pairing.refused) <= pairing.files else 0


def _by_content(items: Sequence[Item]) -> Detected:
    """Tell images with two halves from single photographs.

    The median correlation of the halves is 0.98 on Rain800, and 0.25 to 0.3 on photographs; the
    rainy half has more gradient, see :func:`ssid.data.sources.side_by_side.check_order`.
    """
    correlations: list[float] = []
    right_has_more: list[bool] = []
    for item in evenly_spaced(items, CHECKED_IMAGES):
        try:
            left, right = split_halves(read_rgb(item.files[0].path), "rainy_clean")
        except Refused:
            continue
        correlations.append(same_scene(left, right))
        right_has_more.append(more_gradient(right, left))
    looked = len(correlations)
    single = "the names tell of no pairs, and the halves of the images differ"
    if looked < FEWEST_HALVES or median(correlations) < HALVES_CORRELATION:
        return Detected("photographs", None, single)
    share = fmean(right_has_more)
    said = f"both halves of {looked} images show one scene"
    if share >= CONTRARY_SHARE:
        return Detected("clean_rainy", None, f"{said}, and rain adds edges to the right one")
    if share <= 1 - CONTRARY_SHARE:
        return Detected("rainy_clean", None, f"{said}, and rain adds edges to the left one")
    raise UserError(
        f"{said}, but edges do not tell which half is rainy. Look at some, and say"
        " --layout clean_rainy, --layout rainy_clean or --layout photographs."
    )
