"""Both halves in one image: the clean one on the left (Rain800), or the rainy one (Rain1200)."""

from collections.abc import Iterator, Sequence
from functools import partial
from statistics import median

from ssid.data.images import ImageError, read_rgb
from ssid.data.sources.correspondence import same_scene
from ssid.data.sources.evidence import CHECKED_PAIRS, Evidence, weigh
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
from ssid.data.sources.side_by_side import Order, split_halves
from ssid.data.splits import evenly_spaced
from ssid.errors import UserError
from ssid.pictures import Picture

HALVES_CORRELATION = 0.7
FEWEST_HALVES = 3


def list_halves(order: Order, source: Source) -> Pairing:
    """Make an item of every file; its halves are cut when it is opened."""
    listing = source.listing
    return single_items(listing.photographs, partial(_item, order), listing.refused)


def detect_halves(order: Order, source: Source) -> Detected | None:
    """Return whether the halves of the images show one scene, the rainy one as ``order`` says.

    The median correlation of the halves is 0.98 on Rain800, and 0.25 to 0.3 on photographs.

    Raises:
        UserError: They do, and it cannot be told which half is rainy.
    """
    halves = list(_halves(source.listing.photographs))
    looked = len(halves)
    if looked < FEWEST_HALVES or median(same_scene(*pair) for pair in halves) < HALVES_CORRELATION:
        return None
    evidence = weigh(halves)
    said = f"both halves of {looked} images show one scene"
    if evidence.first_is_rainy is None:
        raise UserError(
            f"{said}, but edges do not tell which half is rainy. Look at some, and say"
            " --layout clean_rainy, --layout rainy_clean or --layout photographs."
        )
    if evidence.first_is_rainy != (order == "rainy_clean"):
        return None
    half = "left" if evidence.first_is_rainy else "right"
    return Detected(order, None, f"{said}, and {evidence} to the {half} one")


def check_order(items: Sequence[Item], order: Order) -> None:
    """Look at ``CHECKED_PAIRS`` images, evenly spaced, whether the order can be true.

    Fewer images prove nothing and pass, and so does a set that does not tell.

    Raises:
        UserError: Rain seems to have been added to the half that is said to be clean.
    """
    evidence = _evidence([item.files[0] for item in items])
    if evidence.compared < CHECKED_PAIRS or evidence.first_is_rainy in (
        None,
        order == "rainy_clean",
    ):
        return
    right = "clean_rainy" if order == "rainy_clean" else "rainy_clean"
    raise UserError(
        f"layout: {order} looks wrong: {evidence} images that were looked at to the half that is"
        f" said to be clean. Look at some of the images, and if so write `layout: {right}`. If"
        f" {order} is right all the same, cut the images into two folders, rainy/ and clean/, and"
        " write `layout: pairs`."
    )


def _evidence(files: Sequence[Photograph]) -> Evidence:
    return weigh(_halves(files))


def _halves(files: Sequence[Photograph]) -> Iterator[tuple[Picture, Picture]]:
    """Yield the halves of at most ``CHECKED_PAIRS`` images that can be read, left before right."""
    found = 0
    for file in _spread(files):
        try:
            yield split_halves(read_rgb(file.path), "rainy_clean")
        except ImageError:
            continue
        found += 1
        if found == CHECKED_PAIRS:
            return


def _spread(files: Sequence[Photograph]) -> list[Photograph]:
    """Return files in an order that spreads over all of them, to find enough that can be read."""
    first = evenly_spaced(files, CHECKED_PAIRS)
    chosen = set(first)
    return first + evenly_spaced([f for f in files if f not in chosen], 2 * CHECKED_PAIRS)


def _item(order: Order, file: Photograph) -> Item:
    return Item(file.name, file, file, order)


_ADVICE = "Put images (PNG, JPEG, WebP, BMP, TIFF, AVIF) in it, or give another path."


def _register(order: Order, side: str) -> None:
    LAYOUTS.add(
        order,
        Layout(
            description=f"both halves in one image, the {side} one on the left",
            items=partial(list_halves, order),
            detect=partial(detect_halves, order),
            advice=_ADVICE,
            order=order,
            rank=50,
        ),
    )


_register("clean_rainy", "clean")
_register("rainy_clean", "rainy")
