"""Whether the files of a prepared set are what they should be, before anything relies on them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import numpy as np

from ssid.data.store.records import FORMAT, SUMMARY, Record, Split, Summary
from ssid.errors import UserError
from ssid.pictures import Picture

Row = TypeVar("Row", Record, Summary)

CHUNK = 1 << 26


def read_summary(path: Path) -> Summary:
    """Return the summary of the set at ``path``.

    Raises:
        UserError: if there is none, or it is damaged or of another version.
    """
    file = path / SUMMARY
    if not file.is_file():
        raise UserError(f"{path} holds no prepared images: run `dvc repro` to make them.")
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(path, f"{SUMMARY} cannot be read") from error
    if not isinstance(found, dict):
        raise damaged(path, f"{SUMMARY} holds no summary")
    if found.get("format") != FORMAT:
        raise UserError(
            f"{path} was prepared by another version of ssid (its format is"
            f" {found.get('format', 'older')!r:.20}, expected {FORMAT}): run `dvc repro`."
        )
    # Sets that were prepared before there were masks have none, and stay as they are.
    return make_row(Summary, {"mask": ""} | found, path)


def make_row(kind: type[Row], values: dict[str, Any], path: Path) -> Row:
    """Return a record or summary, if each of its values is there and of its type.

    Raises:
        UserError: if not.
    """
    expected = {field.name: field.type for field in fields(kind)}
    if values.keys() != expected.keys():
        raise damaged(path, f"it lacks, or has too many of, {sorted(values.keys() ^ expected)[:3]}")
    for name, value in values.items():
        if not _fits(value, expected[name]):
            raise damaged(path, f"its {name} is {value!r:.40}")
    return kind(**values)


def _fits(value: Any, kind: Any) -> bool:
    """Return whether a value is of the type of a field; counts of bytes and images are bounded."""
    if get_origin(kind) is Mapping:
        return isinstance(value, dict) and all(_fits(count, int) for count in value.values())
    wanted = kind if isinstance(kind, type) else str
    return type(value) is wanted and (not isinstance(value, int) or 0 <= value < 2**62)


def open_array(file: Path) -> Picture:
    """Return the bytes of all images of a set, mapped into memory.

    Raises:
        UserError: if the file is missing or damaged.
    """
    try:
        # The plain array keeps the map alive; slices of a np.memmap cost several times as much.
        data = np.asarray(np.load(file, mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        raise damaged(file.parent, f"{file.name} cannot be read") from error
    if data.dtype != np.uint8 or data.ndim != 1:
        raise damaged(file.parent, f"{file.name} holds no images")
    return data


def check_records(records: Sequence[Record], summary: Summary, size: int, path: Path) -> None:
    """Check that every image lies within ``size`` bytes, and that there are as many as told.

    Raises:
        UserError: if not.
    """
    for record in records:
        if not (record.height and record.width and record.offset + record.size <= size):
            raise damaged(path, f"the image {record.name!r:.60} lies outside its file")
        if record.split not in get_args(Split):
            raise damaged(path, f"the image {record.name!r:.60} is of no known split")
    splits: list[str] = [record.split for record in records]
    told = summary.images, summary.train, summary.val, summary.test
    if (len(records), *map(splits.count, ("train", "val", "test"))) != told:
        raise damaged(path, "the catalogue has another number of images than the summary")


def columns(records: Sequence[Record]) -> dict[str, list[Any]]:
    """Return the records as columns of a table."""
    rows = [asdict(record) for record in records]
    return {field.name: [row[field.name] for row in rows] for field in fields(Record)}


def set_digest(hashes: Sequence[str], records: Sequence[Record]) -> str:
    """Return the digest of a set: of the SHA-256 of each array, and of the catalogue."""
    return hashlib.sha256(as_json([list(hashes), columns(records)]).encode()).hexdigest()


def array_digest(data: Picture) -> str:
    """Return the SHA-256 of the bytes of an array."""
    found = hashlib.sha256()
    for start in range(0, len(data), CHUNK):
        found.update(data[start : start + CHUNK].data)
    return found.hexdigest()


def as_json(value: Any) -> str:
    """Return ``value`` as JSON that people can read."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def damaged(path: Path, what: str) -> UserError:
    """Return the error that says what is wrong with the set at ``path``."""
    return UserError(
        f"the prepared set {path} is damaged: {what}. Remove that folder and run `dvc repro`,"
        " which makes it anew."
    )
