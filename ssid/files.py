"""What is asked of files all over the project."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any


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
    power. If the block fails, the old file stays and the new one is removed.

    Args:
        path: the file to make or replace; its folder is made where it is missing.

    Yields:
        A path beside it, of the same suffix, that no other process uses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        with named(path):
            yield partial
            force_to_disk(partial)
            partial.replace(path)
            force_to_disk(path.parent)
    finally:
        with suppress(OSError):  # a disk that has failed fails here, too
            partial.unlink(missing_ok=True)


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
