"""Lists that say which files make a data set: text, CSV or JSON lines."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ssid.data.images import Refused
from ssid.data.sources.listing import (
    SUFFIXES,
    Listing,
    Photograph,
    RefusedFile,
    check_inside,
    printable,
)
from ssid.data.sources.pairing import Pair, Side
from ssid.errors import UserError

MANIFEST_SUFFIXES = frozenset({".txt", ".csv", ".jsonl"})

# The names with ``file_name`` are those of a Hugging Face imagefolder.
COLUMNS: dict[Side, tuple[str, ...]] = {
    "rainy": ("rainy", "input", "rainy_file_name", "input_file_name", "file_name"),
    "clean": ("clean", "target", "gt", "clean_file_name", "target_file_name"),
}


class Row(NamedTuple):
    """One line of a manifest: the paths that it names, or why it cannot be read."""

    number: int
    paths: dict[Side, str]
    problem: str = ""


def read_manifest(file: Path) -> Iterator[Row]:
    """Yield the lines of a manifest.

    A line of a text (SPA-Data) has one path, or the rainy and the clean one separated by a space;
    CSV has a header; JSON lines are objects. Columns are named as in ``COLUMNS``, others are
    ignored. Empty lines, and lines of a text that begin with ``#``, say nothing.

    Raises:
        UserError: The file cannot be read, or a CSV has no column of a known name.
    """
    try:
        text = file.read_text("utf-8-sig", "surrogateescape")
    except OSError as error:
        raise UserError(f"manifest: {file} cannot be read: {error.strerror}.") from error
    lines = text.splitlines() if file.suffix.lower() == ".csv" else text.split("\n")
    if file.suffix.lower() == ".csv":
        return _csv_rows(file, lines)
    parse = _json_row if file.suffix.lower() == ".jsonl" else _text_row
    numbered = enumerate(map(str.strip, lines), start=1)
    return (parse(number, line) for number, line in numbered if line and line[0] != "#")


def names_pairs(file: Path) -> bool:
    """Return whether the first line of ``file`` names a rainy and a clean image that exist."""
    if file.suffix.lower() not in MANIFEST_SUFFIXES or not file.is_file():
        return False
    try:
        row = next(read_manifest(file), None)
        if row is None or row.problem or len(row.paths) < 2:
            return False
        for path in row.paths.values():
            _photograph(path, file.parent, file.parent)
    except (UserError, Refused):
        return False
    return True


def pair_by_manifest(root: Path, manifest: str) -> tuple[list[Pair], list[RefusedFile]]:
    """Return the pairs that a manifest below ``root`` names; its paths are relative to its folder.

    A path that leads out of ``root``, is not there, or stands in two pairs as the rainy image is
    refused with a reason; so is a line that names no pair. The set is what the manifest names:
    other files of the folder are no part of it.
    """
    pairs: dict[str, Pair] = {}
    refused: dict[str, str] = {}
    for row in read_manifest(root / manifest):
        line = f"{printable(manifest)}, line {row.number}"
        if row.problem or len(row.paths) < 2:
            refused[line] = row.problem or "it does not name a rainy and a clean image"
            continue
        found, problems = _resolve(row, root, (root / manifest).parent)
        refused |= problems
        if problems:
            reason = "its partner is refused: " + next(iter(problems.values()))
            refused |= {photograph.name: reason for photograph in found.values()}
        elif found["rainy"].name in pairs:
            refused[line] = "its rainy image is in a line before"
        else:
            pairs[found["rainy"].name] = Pair(found["rainy"], found["clean"])
    used = {file.name for pair in pairs.values() for file in (pair.rainy, pair.clean)}
    return list(pairs.values()), [
        RefusedFile(name, reason) for name, reason in refused.items() if name not in used
    ]


def list_manifest(root: Path, manifest: str, side: Side) -> Listing:
    """Return the photographs of one side, or of the only column, that a manifest names."""
    photographs: dict[str, Photograph] = {}
    refused: dict[str, str] = {}
    for row in read_manifest(root / manifest):
        line = f"{printable(manifest)}, line {row.number}"
        path = row.paths.get(side) or next(iter(row.paths.values()), "")
        if row.problem or not path:
            refused[line] = row.problem or "it names no image"
            continue
        found, problems = _resolve(Row(row.number, {side: path}), root, (root / manifest).parent)
        refused |= problems
        for photograph in found.values():
            if photograph.name in photographs:
                refused[line] = "listed twice"
            photographs.setdefault(photograph.name, photograph)
    return Listing(
        list(photographs.values()), [RefusedFile(name, reason) for name, reason in refused.items()]
    )


def _resolve(row: Row, root: Path, base: Path) -> tuple[dict[Side, Photograph], dict[str, str]]:
    """Return the photographs of a line, and the paths that are none with the reasons."""
    found: dict[Side, Photograph] = {}
    problems = {}
    for side, path in row.paths.items():
        try:
            found[side] = _photograph(path, root, base)
        except Refused as reason:
            problems[printable(path)] = str(reason)
    return found, problems


def _photograph(path: str, root: Path, base: Path) -> Photograph:
    """Return the file ``path``. A leading slash means ``root``, as in the lists of SPA-Data."""
    file = root / path.lstrip("/") if path.startswith("/") else base / path
    check_inside(file, root)
    if file.suffix.lower() not in SUFFIXES:
        raise Refused("its name does not end like that of an image")
    # Without links and dots, so that one file has one name.
    return Photograph(printable(file.resolve().relative_to(root.resolve()).as_posix()), file)


def _text_row(number: int, line: str) -> Row:
    """Read one path, or two: only where both end like images is a space between them."""
    paths = line.split()
    if len(paths) == 2 and all(Path(path).suffix.lower() in SUFFIXES for path in paths):
        return Row(number, {"rainy": paths[0], "clean": paths[1]})
    return Row(number, {"rainy": line})


def _json_row(number: int, line: str) -> Row:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return Row(number, {}, "it is not JSON")
    if not isinstance(value, dict):
        return Row(number, {}, "it is not a JSON object")
    return _row(number, value)


def _csv_rows(file: Path, lines: list[str]) -> Iterator[Row]:
    reader = csv.DictReader(lines)
    try:
        header = [str(name).strip().casefold() for name in reader.fieldnames or ()]
        if not any(name in header for names in COLUMNS.values() for name in names):
            raise UserError(
                f"manifest: {file} has the columns {', '.join(header) or 'none'}; name one rainy,"
                " and for pairs another one clean."
            )
        reader.fieldnames = header
        for values in reader:
            yield _row(reader.line_num, values)
    except csv.Error as error:
        raise UserError(f"manifest: {file}, line {reader.line_num}: {error}.") from error


def _row(number: int, values: dict[str, object]) -> Row:
    paths: dict[Side, str] = {}
    for side, names in COLUMNS.items():
        given = [values[name] for name in names if values.get(name)]
        if given and not isinstance(given[0], str):
            return Row(number, {}, f"its {side} image is not a text")
        if given:
            paths[side] = str(given[0])
    return Row(number, paths)
