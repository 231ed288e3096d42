"""What lies under the root of a data set: every file ends as a photograph or as refused."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ssid.data.images import ImageError
from ssid.data.packaged import PREFIX, packaged_photograph
from ssid.data.sources.dvc_cache import is_in_cache
from ssid.data.sources.keys import strip_zeros
from ssid.data.sources.texts import read_list
from ssid.progress import tally

SHOWN_REASONS = 5
_LEADS_OUT = "leads out of the folder of the data set"
_REMEDY = ": replace the link by the file (cp -L), or give the folder that it leads to"

SUFFIXES = frozenset(
    {
        *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".tif", ".tiff"),
        *(".avif", ".gif", ".mpo", ".heic", ".heif", ".jxl"),
    }
)


@dataclass(frozen=True)
class RefusedFile:
    """A file that is not used, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class Photograph:
    """A file that looks like an image. ``name`` is its printable path relative to the root."""

    name: str
    path: Path


@dataclass(frozen=True)
class Listing:
    """All files of a root, in natural order."""

    photographs: list[Photograph]
    refused: list[RefusedFile]


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


def natural_key(text: str) -> tuple[list[object], str]:
    """Return the sorting key that puts 2 before 10.

    Digits compare by length, then as text: unlike ``int`` this bears a name of any length.
    """
    parts: list[object] = re.split(r"([0-9]+)", text.casefold())
    parts[1::2] = [(len(digits), digits) for digits in map(strip_zeros, parts[1::2])]
    return parts, text


def printable(path: str) -> str:
    r"""Return ``path`` as one line of UTF-8; different paths stay different.

    Backslashes, control characters and bytes that are not UTF-8 are written as escapes (``\n``,
    ``\xff``), so that names of any kind can stand in tables and reports.
    """
    text = os.fsencode(path.replace("\\", "\\\\")).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def list_folder(root: Path) -> Listing:
    """List all files below the folder ``root``. Nothing is opened, no link leads out of it.

    What takes more than 2 s shows on stderr how many files were seen.
    """
    photographs: list[Photograph] = []
    refused: list[RefusedFile] = []
    for path in tally(_walk(root, refused), f"list files in {root}"):
        name = _name(path, root)
        try:
            check_inside(path, root)
            if path.suffix.lower() not in SUFFIXES:
                raise ImageError("its name does not end like that of an image")
        except ImageError as reason:
            refused.append(RefusedFile(name, str(reason)))
        else:
            photographs.append(Photograph(name, path))
    return _sorted(photographs, refused)


def list_text(file: Path) -> Listing:
    """List the photographs that the lines of the text ``file`` name.

    A line is ``package:skimage/NAME`` or a path relative to the folder of ``file`` that stays below
    it. Empty lines and lines that begin with ``#`` say nothing.

    Raises:
        UserError: An installed package has no such photograph.
    """
    photographs, refused = [], []
    seen: set[str] = set()
    for line in read_list(file).split("\n"):
        entry = line.strip().strip('"')
        if not entry or entry.startswith("#"):
            continue
        try:
            photograph = _listed(entry, file.parent)
            target = os.path.realpath(photograph.path)
            if target in seen:
                raise ImageError("listed twice")
            seen.add(target)
            photographs.append(photograph)
        except ImageError as reason:
            refused.append(RefusedFile(printable(entry), str(reason)))
    return _sorted(photographs, refused)


def check_inside(path: Path, root: Path) -> None:
    """Raise ``ImageError`` unless ``path`` ends, all links followed, at a file below ``root``.

    A link into the cache of the DVC project is the data itself.
    """
    try:
        target = Path(os.path.realpath(path, strict=True))
    except (OSError, ValueError) as error:
        text = error.strerror if isinstance(error, OSError) else "its name is not a path"
        raise ImageError(f"cannot be read: {text}") from None
    if not target.is_relative_to(os.path.realpath(root)) and not (
        path.is_symlink() and is_in_cache(target)
    ):
        raise ImageError(_LEADS_OUT + (_REMEDY if path.is_symlink() else ""))
    if not target.is_file():
        raise ImageError("not a regular file")


def _walk(root: Path, refused: list[RefusedFile]) -> Iterator[Path]:
    """Yield all files below ``root``; folders that are links or cannot be listed are refused.

    A stack rather than ``os.walk``, which recurses: folders may nest deeper than Python does.
    """
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            entries = list(folder.iterdir())
        except OSError as error:
            reason = f"a folder that cannot be read: {error.strerror}"
            refused.append(RefusedFile(_name(folder, root), reason))
            continue
        for path in entries:
            if not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for paths too long
                yield path
            elif path.is_symlink():
                reason = "a link to a folder is not followed"
                refused.append(RefusedFile(_name(path, root), reason))
            else:
                folders.append(path)


def _name(path: Path, root: Path) -> str:
    return printable(path.relative_to(root).as_posix())


def _listed(entry: str, folder: Path) -> Photograph:
    if entry.startswith(PREFIX):
        return Photograph(entry.removeprefix(PREFIX), packaged_photograph(entry))
    path = _place(entry, folder)
    check_inside(path, folder)
    return Photograph(printable(entry), path)


def _place(entry: str, folder: Path) -> Path:
    """Return where ``entry`` should be: with either slash, and also below the folder's own name."""
    # os.path.exists bears names that are too long, or no names at all.
    if "\\" in entry and not os.path.exists(folder / entry):  # noqa: PTH110
        entry = entry.replace("\\", "/")
    own = f"{folder.resolve().name}/"
    is_there = os.path.exists(folder / entry)  # noqa: PTH110
    return folder / (entry if is_there else entry.removeprefix(own))


def _sorted(photographs: list[Photograph], refused: list[RefusedFile]) -> Listing:
    return Listing(
        sorted(photographs, key=lambda photograph: natural_key(photograph.name)),
        sorted(refused, key=lambda file: natural_key(file.file)),
    )
