"""Lists that say which files make a data set: pairs in one list, or in two parallel ones."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ssid.data.images import ImageError
from ssid.data.sources.listing import (
    Listing,
    Photograph,
    RefusedFile,
    printable,
)
from ssid.data.sources.matching import Pair
from ssid.data.sources.places import (
    CHECKED_LINES,
    Base,
    base_of,
    cell_of,
    exists,
    photograph_at,
)
from ssid.data.sources.sides import Sides
from ssid.data.sources.tables import LIST_SUFFIXES, Row, Table, read_table
from ssid.data.sources.words import Side, said_by
from ssid.data.splits import evenly_spaced
from ssid.errors import UserError

MANIFEST_SUFFIXES = LIST_SUFFIXES

# The names with ``file_name`` are those of a Hugging Face imagefolder.
COLUMNS: dict[Side, tuple[str, ...]] = {
    "rainy": ("rainy", "input", "rainy_file_name", "input_file_name", "file_name"),
    "clean": ("clean", "target", "gt", "clean_file_name", "target_file_name"),
}
_SIDES: tuple[Side, Side] = ("rainy", "clean")
_OTHERS: tuple[tuple[Side, Side], ...] = (("rainy", "clean"), ("clean", "rainy"))


class ListedPairs(NamedTuple):
    """What a list of pairs names; each line ends in a pair or is refused."""

    pairs: list[Pair]
    refused: list[RefusedFile]


def names_images(file: Path, columns: int) -> bool:
    """Return whether most lines of ``file`` name at least ``columns`` images that exist."""
    if file.suffix.lower() not in LIST_SUFFIXES or not file.is_file():
        return False
    try:
        table = read_table(file)
    except UserError:
        return False
    paths = table.paths()
    if not table.rows or (len(paths) < columns if columns > 1 else len(paths) != 1):
        return False
    rows = evenly_spaced(table.rows, CHECKED_LINES)
    base = base_of(table, file.parent, file.parent)
    found = sum(sum(exists(row, i, base) for i in paths) >= columns for row in rows)
    return 2 * found >= len(rows)


def side_columns(table: Table) -> Sides | None:
    """Return the headings of the rainy and of the clean column; None where they do not tell."""
    if not table.headed:
        return None
    paths = table.paths()
    known = {s: [i for i, c in enumerate(table.columns) if c in COLUMNS[s]] for s in _SIDES}
    said = {s: known[s] or [i for i in paths if said_by(table.columns[i]) == s] for s in _SIDES}
    rainy, clean = (said[side] or _other(paths, said[other]) for side, other in _OTHERS)
    if not rainy or not clean:
        return None
    return Sides((table.columns[rainy[0]],), (table.columns[clean[0]],))


def _other(paths: Sequence[int], said: Sequence[int]) -> list[int]:
    """Return the other one of two columns, where one of them tells its side."""
    left = [i for i in paths if i not in said]
    return left if len(paths) == 2 and len(left) == 1 else []


def rainy_first(table: Table) -> Sides | None:
    """Return the columns of a list without heading, ``rainy.png clean.png`` in each line."""
    paths = [table.columns[i] for i in table.paths()]
    return None if table.headed or len(paths) != 2 else Sides((paths[0],), (paths[1],))


def pair_by_manifest(root: Path, manifest: str, sides: Sides | None = None) -> ListedPairs:
    """Pair as the lines of ``manifest``, a file below ``root``, say.

    Args:
        root: folder of the data set.
        manifest: path of the list, relative to ``root``.
        sides: headings of the rainy and of the clean column; None where they tell themselves, or
            where there are none and the rainy column comes first.

    Raises:
        UserError: The list cannot be read, or its headings do not tell the sides.
    """
    table = read_table(root / manifest)
    sides = sides or side_columns(table) or rainy_first(table)
    columns = [_column(table, mark) for marks in sides or ((), ()) for mark in marks[:1]]
    if len(columns) < 2 or None in columns:
        raise UserError(
            f"manifest: {manifest} has the columns {', '.join(table.columns) or 'none'}; say which"
            " is which with rainy: and clean:, or name one rainy and another one clean."
        )
    base = base_of(table, root, (root / manifest).parent)
    rows = [(row, [cell_of(row, i) for i in columns if i is not None]) for row in table.rows]
    return _pair(root, base, ((f"{printable(manifest)}, line {r.number}", r, c) for r, c in rows))


def pair_by_lists(root: Path, sides: Sides) -> ListedPairs:
    """Pair the lines of two parallel lists, files below ``root``: the first with the first.

    Raises:
        UserError: A list cannot be read, or they differ in length.
    """
    tables = [read_table(root / marks[0]) for marks in sides]
    lengths = [len(table.rows) for table in tables]
    if lengths[0] != lengths[1]:
        raise UserError(
            f"the lists {sides.rainy[0]} and {sides.clean[0]} have {lengths[0]} and {lengths[1]}"
            " lines; each line of one belongs to the same line of the other."
        )
    base = base_of(tables[0], root, (root / sides.rainy[0]).parent)
    lines = (
        (f"{printable(sides.rainy[0])}, line {wet.number}", wet, [cell_of(wet, 0), cell_of(dry, 0)])
        for wet, dry in zip(*(table.rows for table in tables), strict=True)
    )
    return _pair(root, base, lines)


def list_manifest(root: Path, manifest: str, side: Side) -> Listing:
    """Return the photographs of one side, or of the only column, that a manifest names."""
    photographs: dict[str, Photograph] = {}
    refused: dict[str, str] = {}
    table = read_table(root / manifest)
    sides = side_columns(table)
    column = _column(table, getattr(sides, side)[0]) if sides else None
    column = column if column is not None else next(iter(table.paths()), 0)
    base = base_of(table, root, (root / manifest).parent)
    for row in table.rows:
        line, path = f"{printable(manifest)}, line {row.number}", cell_of(row, column)
        if row.problem or not path:
            refused[line] = row.problem or "it names no image"
            continue
        try:
            photograph = photograph_at(path, root, base)
        except ImageError as reason:
            refused[printable(path)] = str(reason)
            continue
        if photograph.name in photographs:
            refused[line] = "listed twice"
        photographs.setdefault(photograph.name, photograph)
    return Listing(
        list(photographs.values()), [RefusedFile(name, reason) for name, reason in refused.items()]
    )


def _pair(root: Path, base: Base, lines: Iterable[tuple[str, Row, Sequence[str]]]) -> ListedPairs:
    pairs: dict[str, Pair] = {}
    refused: dict[str, str] = {}
    for line, row, (wet, dry) in lines:
        if row.problem or not (wet and dry):
            refused[line] = row.problem or "it does not name a rainy and a clean image"
            continue
        found, problems = _resolve((wet, dry), root, base)
        refused |= problems
        if problems:
            reason = "its partner is refused: " + next(iter(problems.values()))
            refused |= {photograph.name: reason for photograph in found}
        elif found[0].name in pairs:
            refused[line] = "its rainy image is in a line before"
        else:
            pairs[found[0].name] = Pair(*found)
    used = {file.name for pair in pairs.values() for file in (pair.rainy, pair.clean)}
    return ListedPairs(
        list(pairs.values()),
        [RefusedFile(name, reason) for name, reason in refused.items() if name not in used],
    )


def _resolve(
    paths: Iterable[str], root: Path, base: Base
) -> tuple[list[Photograph], dict[str, str]]:
    """Return the photographs of a line, and the paths that are none with the reasons."""
    found, problems = [], {}
    for path in paths:
        try:
            found.append(photograph_at(path, root, base))
        except ImageError as reason:
            problems[printable(path)] = str(reason)
    return found, problems


def _column(table: Table, name: str) -> int | None:
    folded = name.strip().casefold()
    return table.columns.index(folded) if folded in table.columns else None


def single_lists(root: Path) -> Iterator[str]:
    """Yield the lists at the top of ``root`` whose lines each name one image that exists."""
    for file in sorted(root.iterdir()):
        if names_images(file, 1):
            yield file.name
