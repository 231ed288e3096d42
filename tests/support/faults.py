"""A disk that fails at one of the operations that change it."""

import builtins
import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ssid.entry import reporting

ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS)


class Disk:
    """Counts what changes files below a folder, and fails at operation number ``at``."""

    def __init__(self, folder: Path, at: int | None, number: int) -> None:
        self.folder, self.at, self.number = str(folder), at, number
        self.operations: list[str] = []

    def touch(self, what: str, path: object) -> None:
        """Count an operation on ``path``; raise if it is the one that fails."""
        if isinstance(path, str | os.PathLike) and not str(path).startswith(self.folder):
            return
        self.operations.append(f"{what} {Path(str(path)).name}")
        if len(self.operations) == self.at:
            name = None if what in ("write", "fsync") else str(path)
            raise OSError(self.number, os.strerror(self.number), name)


class File:
    """A file open for writing on such a disk."""

    def __init__(self, file: Any, path: object, disk: Disk) -> None:
        self._file, self._path, self._disk = file, path, disk

    def write(self, data: Any) -> int:
        self._disk.touch("write", self._path)
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "File":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()


@contextmanager
def failing(folder: Path, at: int | None, number: int = 5) -> Iterator[Disk]:
    """Let operation ``at`` below ``folder``, counted from 1, fail with an error number."""
    disk, open_file = Disk(folder, at, number), io.open

    def open_watched(path: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if not set(mode) & set("wax+") or not str(path).startswith(disk.folder):
            return open_file(path, mode, *arguments, **options)
        disk.touch("open", path)
        return File(open_file(path, mode, *arguments, **options), path, disk)

    def watched(name: str) -> Callable[..., Any]:
        function = getattr(os, name)

        def call(path: Any, *arguments: Any, **options: Any) -> Any:
            disk.touch(name, path)
            return function(path, *arguments, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builtins, "open", open_watched)
        patch.setattr(io, "open", open_watched)
        for name in ("fsync", "replace", "rename", "mkdir"):
            patch.setattr(os, name, watched(name))
        yield disk


def positions(total: int, wanted: int | None) -> list[int]:
    """Return the numbers of all operations, or of some, evenly spaced."""
    return list(range(1, total + 1, 1 if wanted is None else total // wanted))


def complaint(capsys: pytest.CaptureFixture, number: int, action: Callable[[], object]) -> bool:
    """Run ``action`` as an entry point does; return whether it ended in the one right message."""
    status: object = 0
    try:
        with reporting():
            action()
    except SystemExit as end:
        status = end.code
    if status == 0:
        return False
    message = capsys.readouterr().err.splitlines()[-1]
    assert (status, message[:7]) == (1, "error: ")
    assert os.strerror(number) in message
    assert " 0 MB" not in message
    return True
