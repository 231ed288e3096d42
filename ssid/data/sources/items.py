"""List the items of a data set: what its layout makes of the files in its root."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ssid.data.params import DataSet
from ssid.data.sources.archives import is_archive, unpack
from ssid.data.sources.layouts import LAYOUTS, Pairing, Source
from ssid.data.sources.listing import reasons
from ssid.data.sources.sides import Sides
from ssid.errors import UserError


def list_items(
    root: Path,
    layout: str,
    *,
    clean: bool = False,
    manifest: str | None = None,
    sides: Sides | None = None,
) -> Pairing:
    """List the items of the folder or text list ``root``.

    Args:
        root: folder, searched to its depths; or a text list (``*.txt``) of photographs, see
            :func:`ssid.data.sources.listing.list_text`. Of an archive, see :func:`unpacked_items`.
        layout: name in :data:`ssid.data.sources.layouts.registry.LAYOUTS`.
        clean: flag that says whether single photographs are free of rain.
        manifest: file below ``root`` that names the items, see :mod:`ssid.data.sources.manifests`;
            None to take all images of the folder.
        sides: marks of the rainy and of the clean side; None where the names tell.

    Raises:
        UserError: ``root`` is missing, of the wrong kind, or without a single item.
    """
    source = Source(root, manifest, sides, clean)
    pairing = _find(source, layout)
    if not pairing.items:
        raise UserError(_nothing_found(source, layout, pairing))
    return pairing


def source_of(block: DataSet, root: Path | None = None) -> Source:
    """Return where the images of a data set lie, or those of its archive, unpacked in ``root``."""
    sides = Sides(tuple(block.rainy), tuple(block.clean)) if block.rainy else None
    return Source(root or Path(block.root), block.manifest, sides, block.rain is not None)


@contextmanager
def unpacked_items(block: DataSet, scratch: Path) -> Iterator[Pairing]:
    """List the items of a data set; if its root is an archive, unpack that for the time being.

    Args:
        block: block of the data set.
        scratch: new folder for what is in an archive; removed at the end.

    Raises:
        UserError: as :func:`list_items` and :func:`ssid.data.sources.archives.unpack` do.
    """
    source = source_of(block)
    if LAYOUTS[block.layout].derive:
        with _derived(block, scratch) as source:
            yield _find(source, block.layout)
        return
    if not is_archive(source.root):
        pairing = _find(source, block.layout)
        if not pairing.items:
            raise UserError(_nothing_found(source, block.layout, pairing))
        yield pairing
        return
    try:
        shutil.rmtree(scratch, ignore_errors=True)
        refused = unpack(source.root, scratch)
        found = _find(source_of(block, scratch), block.layout)
        pairing = Pairing(found.items, found.refused + refused, found.files + len(refused))
        if not pairing.items:
            raise UserError(_nothing_found(source, block.layout, pairing))
        yield pairing
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _derived(block: DataSet, scratch: Path) -> Iterator[Source]:
    """Make the pictures of a layout that derives them, for the time being."""
    derive, root = LAYOUTS[block.layout].derive, Path(block.root)
    assert derive is not None
    if not root.exists():
        raise UserError(f"root: {root} does not exist.")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        derive(root, scratch)
        yield source_of(block, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _find(source: Source, layout: str) -> Pairing:
    if source.manifest is not None and not (source.root / source.manifest).is_file():
        raise UserError(f"manifest: there is no file {source.manifest} in the root.")
    try:
        return LAYOUTS[layout].items(source)
    except OSError as error:
        raise UserError(f"root: {source.root} cannot be read: {error.strerror}.") from error


def _nothing_found(source: Source, layout: str, pairing: Pairing) -> str:
    if not pairing.files:
        return (
            f"root: {source.root} is empty. Put images in it, or give the path of another one."
            if source.manifest is None
            else f"manifest: {source.manifest} in {source.root} names nothing."
        )
    advice = LAYOUTS[layout].advice
    if source.manifest is not None:
        advice = (
            f"The paths in {source.manifest} should be relative to {source.root} or to the folder"
            " of the list. Correct them, or move the list away to pair the files by their names."
        )
    return (
        f"root: {source.root} has no usable item among its {pairing.files} files:\n"
        f"{reasons(pairing.refused)}\n{advice}"
    )
