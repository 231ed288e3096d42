"""Read a list of files as people write them: text, CSV, TSV, JSON, of any common encoding."""

import csv
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ssid.data.sources.listing import SUFFIXES
from ssid.data.sources.texts import read_list
from ssid.errors import UserError

LIST_SUFFIXES = frozenset({".txt", ".csv", ".tsv", ".jsonl", ".json", ".lst", ".list"})
_SEPARATORS = ("\t", ",", ";", "|")
_ENDINGS = "|".join(suffix[1:] for suffix in sorted(SUFFIXES, key=len, reverse=True))
_PATH = re.compile(rf'"[^"]+"|\S.*?\.(?:{_ENDINGS})(?=\s|$)', re.IGNORECASE)


class Row(NamedTuple):
    """One line: its number, its cells (None where a cell is no text), or why it cannot be read."""

    number: int
    cells: tuple[str | None, ...]
    problem: str = ""


class Table(NamedTuple):
    """A list as columns; ``column 1``, ``column 2`` where it has no heading."""

    columns: tuple[str, ...]
    rows: list[Row]
    headed: bool

    def paths(self) -> list[int]:
        """Return the columns at least half of whose cells end like images."""
        return [
            i
            for i in range(len(self.columns))
            if 2 * sum(len(r.cells) > i and is_image(r.cells[i]) for r in self.rows)
            >= max(1, sum(not r.problem for r in self.rows))
        ]


def is_image(cell: str | None) -> bool:
    """Return whether a cell ends like the name of an image."""
    return cell is not None and Path(cell.strip()).suffix.lower() in SUFFIXES


def read_table(file: Path) -> Table:
    """Read a list. Empty lines, and lines that begin with ``#``, say nothing.

    The separator (tab, comma, semicolon, bar, or blanks) is the one that finds most images in
    lines. A first line without any image is a heading.

    Raises:
        UserError: The file cannot be read, is too large, or is no table.
    """
    text = read_list(file)
    if file.suffix.lower() in {".json", ".jsonl"}:
        return _json_table(file, text)
    lines = [(i, line) for i, line in enumerate(text.splitlines(), start=1) if _says(line)]
    tables = [_split(file, lines, separator) for separator in (*_SEPARATORS, " ")]
    best = max(tables, key=lambda rows: sum(sum(map(is_image, r.cells)) > 1 for r in rows))
    if not any(sum(map(is_image, row.cells)) > 1 for row in best):
        best = [Row(i, (line.strip().strip('"'),)) for i, line in lines]
        if file.suffix.lower() in {".csv", ".tsv"}:
            best = tables[0 if file.suffix.lower() == ".tsv" else 1]
    return _headed(best, 1 if file.suffix.lower() in {".csv", ".tsv"} else 2)


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _split(file: Path, lines: Sequence[tuple[int, str]], separator: str) -> list[Row]:
    if separator == " ":
        return [Row(i, tuple(c.strip('"') for c in _PATH.findall(line))) for i, line in lines]
    numbers = [number for number, _ in lines]
    reader = csv.reader(
        (line + "\n" for _, line in lines), delimiter=separator, skipinitialspace=True
    )
    rows = []
    try:
        for cells in reader:
            rows.append(Row(numbers[reader.line_num - 1], tuple(cell.strip() for cell in cells)))
    except csv.Error as error:
        if file.suffix.lower() in {".csv", ".tsv"}:
            line = numbers[min(reader.line_num, len(numbers)) - 1]
            raise UserError(f"manifest: {file}, line {line}: {error}.") from error
    return rows


def _headed(rows: list[Row], fewest: int) -> Table:
    width = max((len(row.cells) for row in rows), default=0)
    columns = tuple(f"column {i + 1}" for i in range(width))
    if rows and len(rows[0].cells) >= fewest and not any(map(is_image, rows[0].cells)):
        named = tuple(str(cell).strip().casefold() for cell in rows[0].cells)
        return Table(named + columns[len(named) :], rows[1:], headed=True)
    return Table(columns, rows, headed=False)


def _json_table(file: Path, text: str) -> Table:
    """Read an array of objects or of pairs, an object rainy → clean, or one such in each line."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        if file.suffix.lower() == ".json":
            raise UserError(f"manifest: {file} is not JSON.") from None
        return _json_rows(list(_json_lines(text)))
    if (
        isinstance(value, dict)
        and all(isinstance(v, str) for v in value.values())
        and (any(map(is_image, value)))
    ):
        value = [list(pair) for pair in value.items()]
    values = value if isinstance(value, list) else [value]
    return _json_rows([(i, v) for i, v in enumerate(values, start=1)])


def _json_lines(text: str) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if _says(line):
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError):
                yield number, ...


def _json_rows(values: list[tuple[int, object]]) -> Table:
    keys: dict[str, str] = {}
    for _, value in values:
        if isinstance(value, dict):
            keys |= {key: key.strip().casefold() for key in value if key not in keys}
    rows = [_json_row(number, value, list(keys)) for number, value in values]
    if keys:
        return Table(tuple(keys.values()), rows, headed=True)
    width = max((len(row.cells) for row in rows), default=0)
    return Table(tuple(f"column {i + 1}" for i in range(width)), rows, headed=False)


def _json_row(number: int, value: object, keys: list[str]) -> Row:
    if value is ...:
        return Row(number, (), "it is not JSON")
    cells: Sequence[object] = ()
    if isinstance(value, dict):
        cells = [value.get(key) for key in keys]
    elif not keys and isinstance(value, (list, str)):
        cells = [value] if isinstance(value, str) else value
    else:
        return Row(number, (), "it is not a JSON object")
    return Row(number, tuple(cell if isinstance(cell, str) else None for cell in cells))
