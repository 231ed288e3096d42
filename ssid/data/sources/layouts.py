"""How the images of a data set lie in its root, and which files make one item of it."""

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ssid.data.params import DataSet, Layout
from ssid.data.sources.archives import is_archive, unpack
from ssid.data.sources.listing import Listing, Photograph, RefusedFile, list_folder, list_text
from ssid.data.sources.manifests import list_manifest, pair_by_manifest
from ssid.data.sources.pairing import CLEAN_FOLDERS, RAINY_FOLDERS, Pair, pair_by_name
from ssid.data.sources.side_by_side import Order
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


def list_items(
    root: Path,
    layout: Layout,
    *,
    clean: bool = False,
    manifest: str | None = None,
) -> Pairing:
    """List the items of the folder, archive or text list ``root``.

    Args:
        root: folder, searched to its depths; or a text list (``*.txt``) of photographs, see
            :func:`ssid.data.sources.listing.list_text`. Of an archive, see :func:`unpacked_items`.
        layout: ``photographs``: single images; ``pairs``: see
            :func:`ssid.data.sources.pairing.pair_by_name`; ``clean_rainy``, ``rainy_clean``: both
            halves in one image.
        clean: whether single photographs are free of rain.
        manifest: file below ``root`` that names the items, see :mod:`ssid.data.sources.manifests`;
            None to take all images of the folder.

    Raises:
        UserError: ``root`` is missing, of the wrong kind, or without a single item.
    """
    pairing = _find(root, layout, clean, manifest)
    if not pairing.items:
        raise UserError(_nothing_found(root, layout, pairing))
    return pairing


@contextmanager
def unpacked_items(block: DataSet, scratch: Path) -> Iterator[Pairing]:
    """List the items of a data set; if its root is an archive, unpack that for the time being.

    Args:
        block: of the data set.
        scratch: new folder for what is in an archive; removed at the end.

    Raises:
        UserError: as :func:`list_items` and :func:`ssid.data.sources.archives.unpack` do.
    """
    root, clean = Path(block.root), block.rain is not None
    if not is_archive(root):
        yield list_items(root, block.layout, clean=clean, manifest=block.manifest)
        return
    try:
        shutil.rmtree(scratch, ignore_errors=True)
        refused = unpack(root, scratch)
        found = _find(scratch, block.layout, clean, block.manifest)
        pairing = Pairing(found.items, found.refused + refused, found.files + len(refused))
        if not pairing.items:
            raise UserError(_nothing_found(root, block.layout, pairing))
        yield pairing
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


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


def _find(root: Path, layout: Layout, clean: bool, manifest: str | None) -> Pairing:
    try:
        if manifest is None:
            return _all_items(_list(root, layout), layout, clean)
        return _listed_items(root, manifest, layout, clean)
    except OSError as error:
        raise UserError(f"root: {root} cannot be read: {error.strerror}.") from error


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
            " one photograph a line), nor an archive (.zip, .tar, .tar.gz, .tar.xz). Give the"
            " folder of a single image."
        )
    if layout != "photographs":
        raise UserError(
            f"root: {root} is a list of photographs: write `layout: photographs`. If it lists"
            f" pairs, write `root: {root.parent}` and `manifest: {root.name}`."
        )
    return list_text(root)


def _all_items(listing: Listing, layout: Layout, clean: bool) -> Pairing:
    """Make items of all photographs of a folder or a text list."""
    files = len(listing.photographs) + len(listing.refused)
    if layout == "pairs":
        pairs, refused = pair_by_name(listing.photographs)
        return Pairing(_pairs(pairs), listing.refused + refused, files)
    return Pairing(_single(listing.photographs, layout, clean), listing.refused, files)


def _listed_items(root: Path, manifest: str, layout: Layout, clean: bool) -> Pairing:
    """Make items of the files that a manifest names; no other file is part of the set."""
    if not (root / manifest).is_file():
        raise UserError(f"manifest: there is no file {manifest} in the root.")
    if layout == "pairs":
        pairs, refused = pair_by_manifest(root, manifest)
        items = _pairs(pairs)
    else:
        listing = list_manifest(root, manifest, "clean" if clean else "rainy")
        items, refused = _single(listing.photographs, layout, clean), listing.refused
    used = {file for item in items for file in item.files}
    return Pairing(items, refused, len(used) + len(refused))


def _pairs(pairs: Sequence[Pair]) -> list[Item]:
    return [Item(pair.rainy.name, pair.rainy, pair.clean) for pair in pairs]


def _single(photographs: Sequence[Photograph], layout: Layout, clean: bool) -> list[Item]:
    if layout == "clean_rainy" or layout == "rainy_clean":
        return [Item(file.name, file, file, layout) for file in photographs]
    if clean:
        return [Item(file.name, clean=file) for file in photographs]
    return [Item(file.name, rainy=file) for file in photographs]


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
