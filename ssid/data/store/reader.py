"""Prepared images on disk: decoded once, memory-mapped ever after.

All images of a set lie one after the other in one array of bytes, so that a training sample costs
a few page reads and no decoding, and a set may be larger than memory. The price is size: 3 bytes a
pixel, for photographs about five to ten times their JPEG files. Equal inputs give equal bytes in
every file.
"""

from collections.abc import Collection
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssid.data.store.checks import (
    array_digest,
    check_records,
    damaged,
    make_row,
    open_array,
    read_summary,
    set_digest,
)
from ssid.data.store.records import CATALOGUE, CLEAN, MASK, RAINY, Record, Split
from ssid.pictures import Picture


class ImageStore:
    """A prepared set, opened for reading. Nothing but its catalogue is held in memory.

    Args:
        path: folder of the set.
        excluded: names of images that are in no split, because a benchmark has them, too.
    """

    def __init__(self, path: Path | str, excluded: Collection[str] = ()) -> None:
        self.path = Path(path)
        self.excluded = frozenset(excluded)
        self.summary = read_summary(self.path)
        self.paired = self.summary.paired
        self._rainy = open_array(self.path / RAINY)
        self._clean = open_array(self.path / CLEAN) if self.paired else None
        if self._clean is not None and self._clean.shape != self._rainy.shape:
            raise damaged(self.path, f"{RAINY} and {CLEAN} differ in size")
        self._mask = open_array(self.path / MASK) if self.summary.mask else None
        if self._mask is not None and 3 * self._mask.size != self._rainy.size:
            raise damaged(self.path, f"{RAINY} and {MASK} differ in size")

    def __reduce__(self) -> tuple[type["ImageStore"], tuple[Path, frozenset[str]]]:
        # A worker process opens the files again; to pickle a memory map would copy all of it.
        return ImageStore, (self.path, self.excluded)

    def __len__(self) -> int:
        return self.summary.images

    @cached_property
    def records(self) -> list[Record]:
        """The catalogue, in the order of storage."""
        import datasets  # takes seconds to import

        try:
            table = datasets.load_from_disk(str(self.path / CATALOGUE)).data
            rows = table.to_pylist()
        except Exception as error:  # whatever the library makes of files that it did not write
            raise damaged(self.path, f"{CATALOGUE} cannot be read") from error
        records = [make_row(Record, row, self.path) for row in rows]
        check_records(records, self.summary, len(self._rainy), self.path)
        return records

    def verify(self) -> None:
        """Compare all images and the catalogue with the digest that the set was made with.

        Reads every byte: about a second for a gigabyte.

        Raises:
            UserError: if they differ.
        """
        arrays = [a for a in (self._rainy, self._clean, self._mask) if a is not None]
        if set_digest([array_digest(array) for array in arrays], self.records) != (
            self.summary.digest
        ):
            raise damaged(self.path, "its images or its catalogue were altered")

    def rainy(self, index: int) -> Picture:
        """Return rainy image ``index``: a read-only H×W×3 uint8 view of the file."""
        return _view(self._rainy, self.records[index])

    def clean(self, index: int) -> Picture:
        """Return the target of image ``index``: a read-only H×W×3 uint8 view of the file.

        Raises:
            ValueError: The set has no targets.
        """
        if self._clean is None:
            raise ValueError(f"{self.path} has no clean images")
        return _view(self._clean, self.records[index])

    def mask(self, index: int) -> NDArray[np.bool_] | None:
        """Return the mask of image ``index``, H×W, or None where the set has none.

        What it marks says ``summary.mask``, see :data:`ssid.data.roles.Mask`.
        """
        if self._mask is None:
            return None
        record = self.records[index]
        pixels = self._mask[record.offset // 3 :][: record.height * record.width]
        return pixels.reshape(record.height, record.width) > 0

    def split(self, name: Split) -> list[int]:
        """Return the indices of the images of a split, ascending, without those excluded."""
        return [
            i
            for i, record in enumerate(self.records)
            if record.split == name and record.name not in self.excluded
        ]


def _view(data: Picture, record: Record) -> Picture:
    pixels = data[record.offset : record.offset + record.size]
    return pixels.reshape(record.height, record.width, 3)
