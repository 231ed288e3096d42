"""What is asked of files all over the project."""

import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO, Any

LONG = 200
"""Bytes of a name of a file that leave room for more, of 255."""


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(content: Any) -> str:
    """Return the SHA-256 of what JSON can hold, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a path to write to; the file written there replaces ``path`` when the block ends.

    Whoever reads ``path`` sees the old file or the new one, never a part, even after a loss of
    power. If the block fails, the old file stays and the new one is removed. What a killed process
    left of ``path`` is removed, too.

    Args:
        path: the file to make or replace; its folder is made where it is missing.

    Yields:
        An empty file beside it, of the same suffix, that no other process uses.

    Raises:
        OSError: if nothing can be written there, as where ``path`` is a folder.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():  # the last step would say so, with the work done and the wrong name
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    with named(path):
        partial, descriptor = _claim(path)
        try:
            yield partial
            force_to_disk(partial)
            partial.replace(path)
        except BaseException:
            with suppress(OSError):  # a disk that has failed fails here, too
                partial.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        force_to_disk(path.parent)


def check_writable(path: Path) -> None:
    """Raise what :func:`atomic_write` would, before the work whose result goes to ``path``.

    Args:
        path: the file that will be made or replaced; its folder is made where it is missing.

    Raises:
        OSError: if nothing can be written there; a disk that fills up later is not foreseen.
    """
    with suppress(_UnwrittenError), atomic_write(path):
        raise _UnwrittenError


class _UnwrittenError(Exception):
    """Ends a block of :func:`atomic_write` that leaves everything as it was."""


def remove_leftovers(path: Path, first: int = 0) -> None:
    """Remove what killed processes left of ``path``; what a living one writes stays.

    Args:
        path: the file that they were to make or replace.
        first: number of the first leftover to look for.
    """
    for number in count(first):
        partial = _beside(path, number)
        if not partial.exists():
            return
        remove_unless_held(partial)


def remove_all_leftovers(folder: Path) -> None:
    """Remove the same of all files below ``folder``."""
    for partial in folder.rglob(".*.partial*"):
        remove_unless_held(partial)


def remove_unless_held(partial: Path) -> None:
    """Remove an unfinished file, unless a living process writes it."""
    with suppress(OSError):
        descriptor = os.open(partial, os.O_WRONLY)
        try:
            if _hold_as(partial, descriptor):
                partial.unlink()
        finally:
            os.close(descriptor)


def _claim(path: Path) -> tuple[Path, int]:
    """Return a file beside ``path`` that no process writes, and what holds it until it is closed.

    The system lets go of what a killed process held: its file is taken by the next one.
    """
    for number in count():
        partial = _beside(path, number)
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT, 0o666)
        except PermissionError:
            if partial.exists():  # somebody else's
                continue
            raise
        if _hold_as(partial, descriptor):
            os.truncate(descriptor, 0)
            remove_leftovers(path, number + 1)
            return partial, descriptor
        os.close(descriptor)
    raise AssertionError("numbers end")


def _beside(path: Path, number: int) -> Path:
    stem = path.stem
    if len(os.fsencode(path.name)) > LONG:  # with more behind it, no name of a file any more
        stem = hashlib.sha256(os.fsencode(path.name)).hexdigest()
    return path.with_name(f".{stem}.{number}.partial{path.suffix}")


def _hold_as(path: Path, descriptor: int) -> bool:
    """Hold an open file; return whether it is ours, and is still the one at ``path``."""
    try:
        free = try_to_hold(descriptor)
    except OSError:  # a disk that knows no locks
        free = True
    try:
        return free and os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def replace_folder(folder: Path, destination: Path) -> None:
    """Put a folder in the place of another one, which comes back if that fails.

    Args:
        folder: a finished folder, on the same disk.
        destination: place of another folder, or of none.
    """
    before = destination.with_name(f"{destination.name}.before.partial")
    shutil.rmtree(before, ignore_errors=True)
    if destination.exists():
        destination.rename(before)
    try:
        folder.rename(destination)
    except BaseException:
        with suppress(OSError):  # there was none, or the disk has failed
            before.rename(destination)
        raise
    shutil.rmtree(before, ignore_errors=True)
    force_to_disk(destination.parent)


def write_json(path: Path, content: Any) -> None:
    """Write what JSON can hold, for people to read, by :func:`atomic_write`."""
    with atomic_write(path) as partial:
        partial.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Let errors of the system say which file they are about; those of writing do not."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


def try_to_hold(file: IO[Any] | int) -> bool:
    """Hold an open file or folder until it is closed; return whether no other process held it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Let no other process that asks for ``folder`` into the block: reading and writing are one.

    Args:
        folder: an existing folder; nothing is written in it.

    Raises:
        OSError: if it cannot be opened.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def force_to_disk(path: Path) -> None:
    """Wait until the file or folder is safe from a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
