"""Both halves in one image: clean and rainy (Rain800), rainy and clean (Rain1200), or stacked."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from statistics import median

from ssid.data.images import ImageError, read_rgb
from ssid.data.sources.correspondence import same_scene
from ssid.data.sources.evidence import CHECKED_PAIRS, weigh
from ssid.data.sources.halves import SWAPPED, Order, is_stacked, split_halves
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
from ssid.data.splits import evenly_spaced
from ssid.errors import UserError
from ssid.pictures import Picture

HALVES_CORRELATION = 0.7
FEWEST_HALVES = 3


def list_halves(order: Order, source: Source) -> Pairing:
    """Make an item of every file; its halves are cut when it is opened."""
    listing = source.listing
    return single_items(listing.photographs, partial(_item, order), listing.refused)


def detect_halves(source: Source) -> Detected | None:
    """Return whether the halves of the images show one scene, and in which order they lie.

    The median correlation of the halves is 0.98 on Rain800, and 0.15 to 0.35 on photographs.

    Raises:
        UserError: They do, and it cannot be told which half is rainy.
    """
    orders: tuple[Order, ...] = ("rainy_clean", "rainy_over_clean")
    for order in orders:
        halves = list(_halves(order, source.listing.photographs))
        looked = len(halves)
        alike = [same_scene(*pair) for pair in halves]
        if looked < FEWEST_HALVES or median(alike) < HALVES_CORRELATION:
            continue
        evidence = weigh(halves)
        said = f"both halves of {looked} images show one scene"
        if evidence.first_is_rainy is None:
            raise UserError(
                f"{said}, but edges do not tell which half is rainy. Look at some, and say"
                f" --layout {SWAPPED[order]}, --layout {order} or --layout photographs."
            )
        found = order if evidence.first_is_rainy else SWAPPED[order]
        first, second = ("upper", "lower") if is_stacked(order) else ("left", "right")
        half = first if evidence.first_is_rainy else second
        return Detected(found, None, f"{said}, and {evidence} to the {half} one")
    return None


def check_order(items: Sequence[Item], order: Order) -> None:
    """Look at ``CHECKED_PAIRS`` images, evenly spaced, whether the order can be true.

    Fewer images prove nothing and pass, and so does a set that does not tell.

    Raises:
        UserError: Rain seems to have been added to the half that is said to be clean.
    """
    evidence = weigh(_halves(order, [item.files[0] for item in items]))
    if evidence.compared < CHECKED_PAIRS or evidence.first_is_rainy in (None, True):
        return
    raise UserError(
        f"layout: {order} looks wrong: {evidence} images that were looked at to the half that is"
        f" said to be clean. Look at some of the images, and if so write `layout:"
        f" {SWAPPED[order]}`. If {order} is right all the same, cut the images into two folders,"
        " rainy/ and clean/, and write `layout: pairs`."
    )


def _halves(order: Order, files: Sequence[Photograph]) -> Iterator[tuple[Picture, Picture]]:
    """Yield the halves of at most ``CHECKED_PAIRS`` images that can be read, rainy before clean."""
    found = 0
    for file in _spread(files):
        try:
            yield split_halves(read_rgb(file.path), order)
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


_PLACES: Mapping[Order, str] = {
    "clean_rainy": "the clean one on the left",
    "rainy_clean": "the rainy one on the left",
    "clean_over_rainy": "the clean one above",
    "rainy_over_clean": "the rainy one above",
}

for _order, _place in _PLACES.items():
    LAYOUTS.add(
        _order,
        Layout(
            description=f"both halves in one image, {_place}",
            items=partial(list_halves, _order),
            detect=detect_halves if _order == "clean_rainy" else lambda source: None,
            advice=_ADVICE,
            order=_order,
            rank=50,
        ),
    )
