"""Where the paths of a list lead: lists are written in other folders and on other machines."""

import os
from pathlib import Path
from typing import NamedTuple

from ssid.data.images import ImageError
from ssid.data.sources.listing import SUFFIXES, Photograph, check_inside, printable
from ssid.data.sources.tables import Row, Table, is_image
from ssid.data.splits import evenly_spaced

CHECKED_LINES = 200
MOST_DROPPED = 12  # leading folders of a path that other machines have and this one has not


class Base(NamedTuple):
    """Where the paths of a list begin: a folder, and how many of their own folders to drop."""

    folder: Path
    dropped: int


def photograph_at(path: str, root: Path, base: Base) -> Photograph:
    """Return the file ``path``. A leading slash means ``root``, as in the lists of SPA-Data."""
    file = _place(path, base)
    check_inside(file, root)
    if file.suffix.lower() not in SUFFIXES:
        raise ImageError("its name does not end like that of an image")
    # Without dots, so that one file has one name.
    return Photograph(printable(_plain(file.absolute(), root.absolute())), file)


def _plain(file: Path, root: Path) -> str:
    parts: list[str] = []
    for part in file.relative_to(root).parts:
        if part == ".." and parts:
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _place(path: str, base: Base) -> Path:
    """Return where ``path`` should be: with either slash, and without folders that are not here."""
    if "\\" in path and not os.path.exists(base.folder / path):  # noqa: PTH110
        path = path.replace("\\", "/")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return base.folder.joinpath(*(parts if ".." in parts else parts[base.dropped :]))


def base_of(table: Table, root: Path, beside: Path) -> Base:
    """Return the beginning from which most paths of a list exist.

    Lists are written in other folders, and on other machines: their paths may begin with the name
    of the root itself, or with folders and drives that are not here.
    """
    rows = evenly_spaced(table.rows, CHECKED_LINES)
    absolute = any((cell_of(row, i) or "").startswith("/") for row in rows for i in table.paths())
    folders = (root, beside) if absolute else (beside, root)
    bases = [Base(folder, n) for n in range(MOST_DROPPED) for folder in dict.fromkeys(folders)]
    counts = (
        (sum(exists(row, i, base) for row in rows for i in table.paths()), -n, base)
        for n, base in enumerate(bases)
    )
    return max(counts, default=(0, 0, bases[0]))[2]


def exists(row: Row, column: int, base: Base) -> bool:
    """Return whether a cell names an image that is there."""
    path = cell_of(row, column)
    try:
        return is_image(path) and _place(path, base).is_file()
    except (OSError, ValueError):
        return False


def cell_of(row: Row, column: int) -> str:
    """Return the text of a cell; empty where there is none."""
    return (row.cells[column] or "").strip() if column < len(row.cells) else ""
