"""Prepared images on disk: decoded once, memory-mapped ever after.

All images of a set lie one after the other in one array of bytes, so that a training sample costs
a few page reads and no decoding, and a set may be larger than memory. The price is size: 3 bytes a
pixel, for photographs about five to ten times their JPEG files. Equal inputs give equal bytes in
every file.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from ssid.errors import UserError
from ssid.pictures import Picture

RAINY, CLEAN = "rainy.npy", "clean.npy"
CATALOGUE, SAMPLES = "catalogue", "samples"
QUARANTINE, SUMMARY = "quarantine.json", "summary.json"

Split = Literal["train", "val", "test"]


@dataclass(frozen=True)
class Record:
    """A row of the catalogue.

    Attributes:
        name: unique in the set.
        split: part of the set.
        height: of both images, in pixels.
        width: of both images, in pixels.
        offset: of the first byte in ``rainy.npy`` and in ``clean.npy``.
        source: path of the photograph relative to the root of the set; the rainy one of a pair.
        source_sha256: of that file.
        rain: the renderer's parameters and seed as JSON; empty for rain that was photographed
            or came with the set.
        fingerprint: of the photograph, see :func:`ssid.data.fingerprint.fingerprint`; that of the
            rainy image where there is no clean one.
    """

    name: str
    split: Split
    height: int
    width: int
    offset: int
    source: str
    source_sha256: str
    rain: str
    fingerprint: str

    @property
    def size(self) -> int:
        """Bytes of one of its images."""
        return self.height * self.width * 3


@dataclass(frozen=True)
class Summary:
    """What became of a set.

    Attributes:
        name: of the set.
        role: synthetic, real or benchmark.
        files: files found in the root.
        images: images stored.
        quarantined: files refused, see ``quarantine.json``.
        left_out: usable files beyond the limit.
        train: images of the training split.
        val: images held out for validation.
        test: images of a benchmark.
        pixels: sum over the images.
        paired: whether the images have targets.
        standin: whether rendered rain stands in for real rain.
        digest: SHA-256 over the bytes of the images and the rows of the catalogue.
        refused: images, or pairs, that are missing from the set, counted by reason; notes and other
            files that are no images do not count.
    """

    name: str
    role: str
    files: int
    images: int
    quarantined: int
    left_out: int
    train: int
    val: int
    test: int
    pixels: int
    paired: bool
    standin: bool
    digest: str
    refused: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        splits = {"train": self.train, "val": self.val, "test": self.test}
        counts = ", ".join(f"{count} {split}" for split, count in splits.items() if count)
        kind = "stand-in for real rain, " if self.standin else ""
        refused = f"; {self.quarantined} files refused, see {QUARANTINE}" * bool(self.quarantined)
        return f"{self.role}/{self.name}: {kind}{self.images} images ({counts}){refused}"


class ImageStore:
    """A prepared set, opened for reading. Nothing but its catalogue is held in memory.

    Args:
        path: folder of the set.
        excluded: names of images that are in no split, because a benchmark has them, too.
    """

    def __init__(self, path: Path | str, excluded: Collection[str] = ()) -> None:
        self.path = Path(path)
        self.excluded = frozenset(excluded)
        if not (self.path / SUMMARY).is_file():
            raise UserError(f"{self.path} holds no prepared images: run `dvc repro` to make them.")
        self.summary = Summary(**json.loads((self.path / SUMMARY).read_text("utf-8")))
        self.paired = self.summary.paired
        self._rainy = _open(self.path / RAINY)
        self._clean = _open(self.path / CLEAN) if self.paired else None

    def __reduce__(self) -> tuple[type["ImageStore"], tuple[Path, frozenset[str]]]:
        # A worker process opens the files again; to pickle a memory map would copy all of it.
        return ImageStore, (self.path, self.excluded)

    def __len__(self) -> int:
        return self.summary.images

    @cached_property
    def records(self) -> list[Record]:
        """The catalogue, in the order of storage."""
        import datasets  # takes seconds to import

        table = datasets.load_from_disk(str(self.path / CATALOGUE)).data
        if table.column_names != [field.name for field in fields(Record)]:
            raise UserError(f"{self.path} is of another version of ssid: run `dvc repro`.")
        rows = zip(*(table[field.name].to_pylist() for field in fields(Record)), strict=True)
        return [Record(*row) for row in rows]

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

    def split(self, name: Split) -> list[int]:
        """Return the indices of the images of a split, ascending, without those excluded."""
        return [
            i
            for i, record in enumerate(self.records)
            if record.split == name and record.name not in self.excluded
        ]


def _open(file: Path) -> Picture:
    # The plain array keeps the map alive; slices of a np.memmap cost several times as much.
    return np.asarray(np.load(file, mmap_mode="r", allow_pickle=False))


def _view(data: Picture, record: Record) -> Picture:
    pixels = data[record.offset : record.offset + record.size]
    return pixels.reshape(record.height, record.width, 3)
