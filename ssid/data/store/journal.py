"""Remember what of a prepared set is finished, so that a killed run continues where it stopped."""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

from ssid.data.params import DataSet
from ssid.data.rain.files import find_profile
from ssid.data.roles import Role
from ssid.data.sources.archives import is_archive
from ssid.data.sources.layouts import LAYOUTS, Item
from ssid.data.sources.listing import RefusedFile
from ssid.data.store.records import CLEAN, MASK, RAINY, Record
from ssid.plugins import plugin_sources

JOURNAL = "journal.jsonl"
DATA = Path(__file__).parents[1]  # the code that images pass through lies below it
_COMPUTING = ("numpy", "pillow", "torch")  # packages that decide about the bytes of an image


@dataclass(frozen=True)
class Entry:
    """One image that is finished: stored, or refused.

    Attributes:
        record: record of the image in the set; None where it was refused.
        refused: files that cannot be used, and why.
        sha256: sha256 of each array of the set up to and including this image.
    """

    record: Record | None
    refused: list[RefusedFile]
    sha256: list[str]


class Journal:
    """The file with one line of JSON for each :class:`Entry`, in the folder of an unfinished set.

    What an earlier run of other work has left in the folder is removed, and of the same work all
    but the images.

    Args:
        folder: existing folder of the unfinished set.
        identity: identity of the work, see :func:`identify`.

    Attributes:
        entries: entries of an earlier run of the same work, in order, yet to be verified.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        path = folder / JOURNAL
        self._head = _line(identity)
        lines = path.read_bytes().splitlines(keepends=True) if path.is_file() else []
        same = lines[:1] == [self._head]
        _clear(folder, {JOURNAL, RAINY, CLEAN, MASK} if same else set())
        self.entries = _parsed(lines[1:] if same else [])
        # Without a buffer: what is added has left this process, and a kill cannot take it back.
        self._file = path.open("r+b" if same else "w+b", buffering=0)
        self._truncate(sum(map(len, lines[: 1 + len(self.entries)])))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, entry: Entry) -> None:
        """Append an entry; the bytes of its image must have left this process before."""
        self._file.write(_line(asdict(entry)))

    def forget(self) -> None:
        """Remove all entries."""
        self.entries = []
        self._truncate(0)

    def _truncate(self, size: int) -> None:
        self._file.seek(size)
        self._file.truncate()
        if not size:
            self._file.write(self._head)


def identify(role: Role, block: DataSet, items: list[Item]) -> str:
    """Return a digest of all that decides about images: settings, files, code, packages.

    Of a file that is its size and its times; an archive or video, unpacked in each run, stands for
    its own.
    """
    root = Path(block.root)
    whole = is_archive(root) or LAYOUTS[block.layout].derive is not None
    archive = [_state(file) for file in (root, *sorted(root.rglob("*")))] if whole else None
    files = [
        (item.name, file.name, None if archive else _state(file.path))
        for item in items
        for file in item.files
    ]
    packages = [version(package) for package in _COMPUTING]
    sources = [*sorted(DATA.rglob("*.py")), *plugin_sources().values()]
    program = [path.read_text("utf-8") for path in sources]
    rain = repr(find_profile(block.rain)) if block.rain else None  # a file may change
    work = [role, block.model_dump(mode="json"), rain, archive, files, packages, program]
    return hashlib.sha256(json.dumps(work).encode()).hexdigest()


def _state(file: Path) -> list[int]:
    try:
        status = file.stat()
    except OSError:  # refused, once it is opened
        return []
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _parsed(lines: list[bytes]) -> list[Entry]:
    """Return the entries up to the first line that was not written to its end."""
    entries = []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            break
        if not line.endswith(b"\n"):
            break
        record = Record(**entry["record"]) if entry["record"] else None
        refused = [RefusedFile(**file) for file in entry["refused"]]
        entries.append(Entry(record, refused, entry["sha256"]))
    return entries


def _clear(folder: Path, kept: set[str]) -> None:
    for path in folder.iterdir():
        if path.name in kept:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"
