"""Write a prepared set as a stream: memory does not grow with the pixels, bytes never differ."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ssid.data.roles import Mask
from ssid.data.sources.listing import RefusedFile
from ssid.data.store.checks import as_json, set_digest
from ssid.data.store.journal import JOURNAL, Entry, Journal
from ssid.data.store.reader import ImageStore
from ssid.data.store.records import (
    CLEAN,
    FORMAT,
    MASK,
    QUARANTINE,
    RAINY,
    SUMMARY,
    Record,
    Summary,
)
from ssid.data.store.tables import write_catalogue, write_samples
from ssid.errors import UserError
from ssid.files import force_to_disk, replace_folder, try_to_hold
from ssid.pictures import Picture

_CHUNK = 1 << 20


class ArrayWriter:
    """Append to a one-dimensional uint8 ``.npy`` file whose length is known only at the end."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("r+b" if path.exists() else "w+b")
        self.rewind()

    @property
    def sha256(self) -> str:
        """SHA-256 of all data so far."""
        return self._hash.hexdigest()

    def rewind(self) -> None:
        """Begin again with the first byte; what the file had before is overwritten."""
        self._hash = hashlib.sha256()
        self.size = 0
        self._write_header()

    def recover(self, size: int, sha256: str) -> bool:
        """Take over ``size`` bytes that a killed run has left; return whether they are intact."""
        while self.size < size and (data := self._file.read(min(_CHUNK, size - self.size))):
            self._hash.update(data)
            self.size += len(data)
        return self.sha256 == sha256

    def append(self, picture: NDArray[np.uint8]) -> int:
        """Append the bytes of ``picture`` and return the offset of the first."""
        offset = self.size
        data = np.ascontiguousarray(picture).data
        self._file.write(data)
        self._file.flush()  # a kill after this line does not take it back
        self._hash.update(data)
        self.size += picture.size
        return offset

    def finish(self) -> str:
        """Complete the file and return the SHA-256 of its data."""
        self._file.truncate()
        self._write_header()
        self._file.flush()
        return self.sha256

    def close(self) -> None:
        """Close the file, complete or not. A disk that is full has been reported before."""
        with suppress(OSError):
            self._file.close()

    def _write_header(self) -> None:
        # numpy reserves room for a length of 21 digits, so the header never changes its size.
        self._file.seek(0)
        header = {"descr": "|u1", "fortran_order": False, "shape": (self.size,)}
        np.lib.format.write_array_header_1_0(self._file, header)


class StoreWriter:
    """Write the files of a prepared set into the folder ``path``; a context manager.

    An ``OSError`` inside the context becomes a ``UserError`` that says how much room is needed.

    Args:
        path: existing folder.
        paired: flag that says whether targets are stored.
        expected: number of images that are to be added, at most.
        mask: mask that comes with every image.
    """

    def __init__(self, path: Path, *, paired: bool, expected: int, mask: Mask = "") -> None:
        self.path = path
        self.paired = paired
        self.mask = mask
        self._expected = expected
        self._added = 0
        with ExitStack() as files:
            self._rainy = ArrayWriter(path / RAINY)
            files.callback(self._rainy.close)
            self._clean = ArrayWriter(path / CLEAN) if paired else None
            if self._clean:
                files.callback(self._clean.close)
            self._mask = ArrayWriter(path / MASK) if mask else None
            if self._mask:
                files.callback(self._mask.close)
            self._files = files.pop_all()
        self._arrays = [array for array in (self._rainy, self._clean, self._mask) if array]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._files.close()
        if isinstance(error, OSError):
            raise UserError(self._cannot_write(error)) from error

    def _cannot_write(self, error: OSError) -> str:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return f"cannot write to {self.path.parent}: {error.strerror}. Nothing was left behind."
        images = sum(array.size for array in self._arrays)
        needed = images * self._expected // max(1, self._added)
        free = shutil.disk_usage(self.path).free + images
        return (
            f"cannot write to {self.path.parent}: {error.strerror}. About {_megabytes(needed)} are"
            f" needed there, and {_megabytes(free)} are free. Make room, or set `limit:` or"
            " `max_side:` for this set. Nothing was left behind."
        )

    def add(
        self, rainy: Picture, clean: Picture | None, mask: NDArray[np.bool_] | None = None
    ) -> int:
        """Append an image, H×W×3, with its target and its mask, H×W, and return its offset."""
        if self._mask is not None:
            if mask is None or mask.shape != rainy.shape[:2]:
                raise ValueError("an image of a set with masks needs one of its size")
            self._mask.append(mask.astype(np.uint8) * 255)
        if self._clean is not None:
            if clean is None or clean.shape != rainy.shape:
                raise ValueError("an image of a paired set needs a target of its size")
            self._clean.append(clean)
        offset = self._rainy.append(rainy)
        self._added += 1
        return offset

    @property
    def sha256(self) -> list[str]:
        """SHA-256 of the data so far, of each array."""
        return [array.sha256 for array in self._arrays]

    def recover(self, journal: Journal) -> list[Entry]:
        """Take over the images of an earlier run; none of them where their bytes are not intact.

        A kill spoils nothing that is in the journal; a loss of power may.
        """
        entries = journal.entries
        sizes = [entry.record.size for entry in entries if entry.record]
        ends = entries[-1].sha256 if entries else self.sha256
        if not all(
            array.recover(sum(sizes) // (3 if array is self._mask else 1), sha256)
            for array, sha256 in zip(self._arrays, ends, strict=True)
        ):
            journal.forget()
            for array in self._arrays:
                array.rewind()
            return []
        self._added = len(sizes)
        return entries

    def finish(
        self,
        records: list[Record],
        refused: list[RefusedFile],
        *,
        role: str,
        name: str,
        files: int,
        left_out: int,
        standin: bool,
        missing: Mapping[str, int],
    ) -> Summary:
        """Write everything but the pixels, and force all of it to the disk.

        Args:
            records: one for each image added, in the same order.
            refused: files that are not used.
            role: role, see :class:`~ssid.data.store.records.Summary`, as the following.
            name: name of the set.
            files: files found in the root.
            left_out: usable files beyond the limit.
            standin: flag that says whether rendered rain stands in for real rain.
            missing: images, or pairs, that are refused, counted by reason.
        """
        hashes = [array.finish() for array in self._arrays]
        digest = set_digest(hashes, records)
        splits = [record.split for record in records]
        summary = Summary(
            format=FORMAT,
            name=name,
            role=role,
            files=files,
            images=len(records),
            quarantined=len(refused),
            left_out=left_out,
            train=splits.count("train"),
            val=splits.count("val"),
            test=splits.count("test"),
            pixels=sum(record.height * record.width for record in records),
            paired=self.paired,
            standin=standin,
            digest=digest,
            mask=self.mask,
            refused=missing,
        )
        (self.path / QUARANTINE).write_text(as_json([asdict(file) for file in refused]), "utf-8")
        (self.path / SUMMARY).write_text(as_json(asdict(summary)), "utf-8")
        write_catalogue(self.path, records, digest)
        write_samples(self.path, ImageStore(self.path), digest)
        for path in [*self.path.rglob("*"), self.path]:
            force_to_disk(path)
        return summary


@contextmanager
def replacing(destination: Path) -> Iterator[Path]:
    """Give a folder beside ``destination`` that takes its place if all goes well.

    After an error the folder is removed; after a kill, or Ctrl-C, it is given again.

    Raises:
        UserError: The folder cannot be made or moved, or another process has it.
    """
    partial = destination.with_name(destination.name + ".partial")
    lock = _lock(partial, destination)
    try:
        yield partial
        (partial / JOURNAL).unlink(missing_ok=True)
        replace_folder(partial, destination)
    except Exception as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, OSError):
            raise UserError(f"cannot write {destination}: {error.strerror}.") from error
        raise
    finally:
        os.close(lock)


def _lock(partial: Path, destination: Path) -> int:
    """Make the folder ``partial`` and return what holds it as long as it is open."""
    try:
        partial.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(partial, os.O_RDONLY)
    except OSError as error:
        raise UserError(f"cannot write {destination}: {error.strerror}.") from error
    if not try_to_hold(descriptor):
        os.close(descriptor)
        raise UserError(f"another process is at work on {destination}; wait for it.")
    return descriptor


def _megabytes(size: int) -> str:
    return f"{max(1, round(size / 1e6)):,} MB"
