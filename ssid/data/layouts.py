"""How the images of a data set lie in its root, and which files make one item of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ssid.config import Layout
from ssid.data.listing import Listing, Photograph, RefusedFile, list_folder, list_text
from ssid.data.pairing import CLEAN_FOLDERS, RAINY_FOLDERS, pair_by_name
from ssid.data.side_by_side import Order
from ssid.errors import UserError

LIST_SUFFIX = ".txt"
SHOWN_REASONS = 5


@dataclass(frozen=True)
class Item:
    """One image of a set as files; nothing is opened yet.

    Attributes:
        name: unique in the set.
        rainy: the rainy image, None where rain is still to be rendered.
        clean: its target, None where there is none. The same file as ``rainy`` if side by side.
        order: which half is which in a side-by-side image.
    """

    name: str
    rainy: Photograph | None = None
    clean: Photograph | None = None
    order: Order | None = None

    @property
    def files(self) -> list[Photograph]:
        """The one or two files of the item."""
        return list(dict.fromkeys(file for file in (self.rainy, self.clean) if file))

    @property
    def photograph(self) -> str:
        """Name of the scene: items that differ only in their rain share it."""
        return self.files[-1].name


@dataclass(frozen=True)
class Pairing:
    """All files of a root: each is part of an item or refused.

    Attributes:
        files: number of files found, links and unreadable folders among them.
    """

    items: list[Item]
    refused: list[RefusedFile]
    files: int


def list_items(root: Path, layout: Layout, *, clean: bool = False) -> Pairing:
    """List the items of the folder, or of the text list, ``root``.

    Args:
        root: folder, searched to its depths; or a text list (``*.txt``) of photographs, see
            :func:`ssid.data.listing.list_text`.
        layout: ``photographs``: single images; ``pairs``: see
            :func:`ssid.data.pairing.pair_by_name`; ``clean_rainy``, ``rainy_clean``: both halves in
            one image.
        clean: whether single photographs are free of rain.

    Raises:
        UserError: ``root`` is missing, of the wrong kind, or without a single item.
    """
    try:
        listing = _list(root, layout)
    except OSError as error:
        raise UserError(f"root: {root} cannot be read: {error.strerror}.") from error
    items, refused = _items(listing, layout, clean)
    pairing = Pairing(
        items, listing.refused + refused, len(listing.photographs) + len(listing.refused)
    )
    if not items:
        raise UserError(_nothing_found(root, layout, pairing))
    return pairing


def reasons(refused: Sequence[RefusedFile]) -> str:
    """Return one line per common reason, with its count and an example."""
    counts = Counter(file.reason for file in refused)
    examples = {file.reason: file.file for file in reversed(refused)}
    lines = [
        f"  {count} × {reason}, e.g. {examples[reason]}"
        for reason, count in counts.most_common(SHOWN_REASONS)
    ]
    more = len(counts) - SHOWN_REASONS
    return "\n".join(lines + ([f"  and {more} other reasons"] if more > 0 else []))


def _list(root: Path, layout: Layout) -> Listing:
    if root.is_dir():
        return list_folder(root)
    if not root.exists():
        raise UserError(
            f"root: {root} does not exist. Give the path of a folder of images, relative to where"
            " the command is run or absolute; if it lies on another disk, mount that first."
        )
    if root.suffix.lower() != LIST_SUFFIX or not root.is_file():
        raise UserError(
            f"root: {root} is neither a folder nor a text list (a file that ends in {LIST_SUFFIX},"
            " one photograph a line). Unpack an archive, and give the folder of a single image."
        )
    if layout != "photographs":
        raise UserError(f"root: {root} is a list of photographs: write `layout: photographs`.")
    return list_text(root)


def _items(listing: Listing, layout: Layout, clean: bool) -> tuple[list[Item], list[RefusedFile]]:
    if layout == "pairs":
        pairs, refused = pair_by_name(listing.photographs)
        return [Item(pair.rainy.name, pair.rainy, pair.clean) for pair in pairs], refused
    if layout != "photographs":
        return [Item(file.name, file, file, layout) for file in listing.photographs], []
    if clean:
        return [Item(file.name, clean=file) for file in listing.photographs], []
    return [Item(file.name, rainy=file) for file in listing.photographs], []


def _nothing_found(root: Path, layout: Layout, pairing: Pairing) -> str:
    if not pairing.files:
        return f"root: {root} is empty. Put images in it, or give the path of another one."
    advice = "Put images (PNG, JPEG, WebP, BMP, TIFF, AVIF) in it, or give another path."
    if layout == "pairs":
        advice = (
            "Layout pairs expects two folders with equal names, a rainy one"
            f" ({', '.join(RAINY_FOLDERS)}) and a clean one ({', '.join(CLEAN_FOLDERS)}), or"
            " rain-1.png and norain-1.png in one folder."
        )
    return (
        f"root: {root} has no usable item among its {pairing.files} files:\n"
        f"{reasons(pairing.refused)}\n{advice}"
    )
