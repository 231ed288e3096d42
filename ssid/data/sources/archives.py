"""Unpack the images of an archive that nobody has reason to trust."""

import bz2
import errno
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from ssid.data.images import MAX_BYTES, ImageError
from ssid.data.sources.listing import SUFFIXES, RefusedFile, printable
from ssid.data.sources.manifests import MANIFEST_SUFFIXES
from ssid.errors import UserError

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")
OTHER_ARCHIVES = (".7z", ".rar", ".gz", ".xz", ".bz2", ".zst")

# Images hardly compress: even a bitmap of flat colour, the most that is of use, stays far below.
MAX_RATIO = 100
FREE_BYTES = 1 << 26  # what any archive may expand to, whatever its size
FREE_MEMBER_BYTES = 1 << 24  # the same of a member of a ZIP
MAX_MEMBERS = 5_000_000
MAX_READ = 1 << 24  # tarfile reads headers that claim any length at once
_CHUNK = 1 << 20

_DAMAGED = (EOFError, ValueError, zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError)


class Member(NamedTuple):
    """A member of an archive.

    Attributes:
        name: path within the archive, as it stands there.
        open: gives its bytes.
        problem: why it must not be unpacked, if so.
        limit: most bytes that it may expand to.
    """

    name: str
    open: Callable[[], IO[bytes] | None]
    problem: str
    limit: int


class _Bomb(Exception):  # noqa: N818 - a verdict on the whole archive
    """The archive expands beyond all measure."""


class _Budget:
    """Bytes that may still be unpacked; what is thrown away again counts, too."""

    def __init__(self, archive: Path) -> None:
        self.left = max(FREE_BYTES, MAX_RATIO * archive.stat().st_size)

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise _Bomb(f"it expands to more than {MAX_RATIO} times its size")


def is_archive(path: Path) -> bool:
    """Return whether ``path`` is a file whose name is that of an archive which can be unpacked."""
    return path.name.lower().endswith(ARCHIVE_SUFFIXES) and path.is_file()


def unpack(archive: Path, folder: Path) -> list[RefusedFile]:
    """Write the images and lists in ``archive`` below the new ``folder``; return what is refused.

    Nothing is written elsewhere, no link or device is made, and no more than ``MAX_RATIO`` times
    the size of the archive (of a member, in ZIP) or ``FREE_BYTES`` is written. What is refused,
    with a reason each: names that are absolute or lead upwards, links, devices, encrypted members,
    archives in the archive, names that occur twice, members that expand too far or are damaged,
    and whatever is no image or list. An archive that ends too early gives what comes before.

    Raises:
        UserError: The archive cannot be read at all, or the disk is full.
    """
    folder.mkdir(parents=True)
    refused: list[RefusedFile] = []
    budget = _Budget(archive)
    try:
        for number, member in enumerate(_members(archive, folder)):
            if number >= MAX_MEMBERS:
                raise _Bomb(f"it has more than {MAX_MEMBERS} members")
            try:
                _write(member, folder, budget)
            except ImageError as reason:
                refused.append(RefusedFile(printable(member.name), str(reason)))
    except _Bomb as verdict:
        refused.append(RefusedFile(printable(archive.name), f"unpacking was stopped: {verdict}"))
    except _DAMAGED as error:
        damage = f"damaged: it cannot be unpacked further ({type(error).__name__})"
        refused.append(RefusedFile(printable(archive.name), damage))
    except OSError as error:
        if error.errno is not None:
            message = f"root: {archive} cannot be unpacked: {error.strerror}."
            raise UserError(message) from error
        refused.append(RefusedFile(printable(archive.name), "damaged: it cannot be unpacked"))
    return refused


def _write(member: Member, folder: Path, budget: _Budget) -> None:
    """Write one member; nothing of it stays if it is refused."""
    _check_name(member.name)
    if member.problem:
        raise ImageError(member.problem)
    target = folder / member.name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            try:
                _copy(member, file, budget)
            except BaseException:
                target.unlink()
                raise
    except FileExistsError:
        raise ImageError("its name occurs twice") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise ImageError(f"cannot be unpacked: {error.strerror or 'damaged'}") from None


def _copy(member: Member, file: IO[bytes], budget: _Budget) -> None:
    """Copy at most the limit of the member and the budget of the archive."""
    size = 0
    try:
        source = member.open()
        assert source is not None  # a regular file
        with source:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if size > member.limit:
                    raise ImageError(f"expands to more than {member.limit >> 20} MiB")
                budget.spend(len(chunk))
                file.write(chunk)
    except (*_DAMAGED, NotImplementedError, RuntimeError) as error:
        raise ImageError(f"damaged: it cannot be unpacked ({type(error).__name__})") from None


def _check_name(name: str) -> None:
    path = PurePosixPath(name)
    if not name or "\0" in name or path.is_absolute() or (len(name) > 1 and name[1] == ":"):
        raise ImageError("its path is absolute or no path")
    if ".." in path.parts or "\\" in name:
        raise ImageError("its path leads out of the archive or has backslashes")
    suffix = path.suffix.lower()
    if name.lower().endswith((*ARCHIVE_SUFFIXES, *OTHER_ARCHIVES)):
        raise ImageError("an archive within the archive is not unpacked")
    if suffix not in SUFFIXES | MANIFEST_SUFFIXES:
        raise ImageError("its name does not end like that of an image")


def _members(archive: Path, folder: Path) -> Iterator[Member]:
    if archive.name.lower().endswith(".zip"):
        return _zip_members(archive)
    return _tar_members(archive, folder)


def _zip_members(archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as file:
        for info in file.infolist():
            if info.is_dir():
                continue
            kind = stat.S_IFMT(info.external_attr >> 16)
            problem = ""
            if kind not in (0, stat.S_IFREG):
                problem = "a link or device in an archive is not unpacked"
            elif info.flag_bits & 0x1:
                problem = "encrypted"
            limit = min(MAX_BYTES, max(FREE_MEMBER_BYTES, MAX_RATIO * info.compress_size))
            yield Member(info.orig_filename, partial(file.open, info), problem, limit)


def _tar_members(archive: Path, folder: Path) -> Iterator[Member]:
    with _decompressed(archive) as data, tarfile.open(fileobj=data, mode="r:") as file:  # type: ignore[call-overload]
        for info in iter(file.next, None):
            if info.isdir():
                continue
            problem = "" if info.isreg() else "a link or device in an archive is not unpacked"
            try:
                tarfile.data_filter(info, str(folder))
            except tarfile.FilterError as error:
                problem = f"unsafe ({type(error).__name__})"
            yield Member(info.name, partial(file.extractfile, info), problem, MAX_BYTES)
            file.members = []  # tarfile remembers all of them


class _Measured:
    """A decompressed stream that may be read up to a limit, in parts of moderate size."""

    def __init__(self, data: io.BufferedIOBase, limit: int) -> None:
        self._data = data
        self._limit = limit

    def __enter__(self) -> "_Measured":
        return self

    def __exit__(self, *_: object) -> None:
        self._data.close()

    def read(self, size: int) -> bytes:
        if size > MAX_READ:
            raise _Bomb("a header claims to be larger than any is")
        self._check(self._data.tell() + size)
        return self._data.read(size)

    def seek(self, position: int) -> int:
        self._check(position)
        return self._data.seek(position)

    def tell(self) -> int:
        return self._data.tell()

    def _check(self, position: int) -> None:
        if position > self._limit:
            raise _Bomb(f"it expands to more than {MAX_RATIO} times its size")


def _decompressed(archive: Path) -> _Measured:
    name = archive.name.lower()
    limit = max(FREE_BYTES, MAX_RATIO * archive.stat().st_size)
    if name.endswith((".gz", ".tgz")):
        return _Measured(gzip.open(archive), limit)
    if name.endswith((".xz", ".txz")):
        return _Measured(lzma.open(archive), limit)
    if name.endswith((".bz2", ".tbz2")):
        return _Measured(bz2.open(archive), limit)
    return _Measured(archive.open("rb"), archive.stat().st_size + MAX_READ)
