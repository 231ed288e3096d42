"""Tell the layout of a folder by its lists, then by its names, then by its pictures."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ssid.data.sources.archives import is_archive, unpack
from ssid.data.sources.items import list_items
from ssid.data.sources.layouts import LAYOUTS, Detected, Source
from ssid.data.sources.listing import reasons
from ssid.errors import UserError

Found = TypeVar("Found")


def detect_layout(root: Path) -> Detected:
    """Return how the images lie in the folder, archive or text list ``root``.

    The layouts of :data:`ssid.data.sources.layouts.registry.LAYOUTS` are tried in the order of
    their ranks: pairs of files, then halves, then single photographs.

    Raises:
        UserError: Nothing can be used; or a layout cannot tell what the images are, and asks.
    """
    return look_into(root, _detect)


def look_into(root: Path, detect: Callable[[Source], Found], manifest: str | None = None) -> Found:
    """Call ``detect`` on the folder or text list ``root``, or on what is in the archive ``root``.

    Raises:
        UserError: ``root`` has no image, or cannot be read.
    """
    if not is_archive(root):
        return _look(Source(root, manifest), detect)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / root.name
        refused = unpack(root, folder)
        source = Source(folder, manifest)
        if not source.listing.photographs:
            why = f":\n{reasons(refused)}" if refused else "; it is empty."
            raise UserError(f"root: {root} has no image that can be unpacked{why}")
        try:
            return _look(source, detect)
        except UserError as error:  # the user knows the archive, and no folder of ours
            raise UserError(str(error).replace(str(folder), str(root))) from error


def _look(source: Source, detect: Callable[[Source], Found]) -> Found:
    try:
        if not source.listing.photographs:
            list_items(source.root, "photographs", manifest=source.manifest)
        return detect(source)
    except OSError as error:
        raise UserError(f"root: {source.root} cannot be read: {error.strerror}.") from error


def _detect(source: Source) -> Detected:
    for name in sorted(LAYOUTS, key=lambda name: LAYOUTS[name].rank):
        if found := LAYOUTS[name].detect(source):
            return found
    raise AssertionError("the layout of single photographs fits anything")
