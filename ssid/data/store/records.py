"""What is noted of a prepared set and of each of its images, and in which files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ssid.data.roles import Mask

FORMAT = 2
"""Of prepared sets; another one is prepared again."""
RAINY, CLEAN, MASK = "rainy.npy", "clean.npy", "mask.npy"
CATALOGUE, SAMPLES = "catalogue", "samples"
QUARANTINE, SUMMARY = "quarantine.json", "summary.json"

Split = Literal["train", "val", "test"]


@dataclass(frozen=True)
class Record:
    """A row of the catalogue.

    Attributes:
        name: unique in the set.
        split: part of the set.
        height: height of both images, in pixels.
        width: width of both images, in pixels.
        offset: offset of the first byte in ``rainy.npy`` and in ``clean.npy``.
        source: path of the photograph relative to the root of the set; the rainy one of a pair.
        source_sha256: source sha256 of that file.
        rain: the renderer's parameters and seed as JSON; empty for rain that was photographed
            or came with the set.
        fingerprint: fingerprint of the photograph, see
            :func:`ssid.data.fingerprint.fingerprint`; that of the rainy image where there is no
            clean one.
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
        format: format of the files, :data:`FORMAT`.
        name: name of the set.
        role: synthetic, real or benchmark.
        files: files found in the root.
        images: images stored.
        quarantined: files refused, see ``quarantine.json``.
        left_out: usable files beyond the limit.
        train: images of the training split.
        val: images held out for validation.
        test: images of a benchmark.
        pixels: sum over the images.
        paired: flag that says whether the images have targets.
        standin: flag that says whether rendered rain stands in for real rain.
        digest: SHA-256 over the bytes of the images and the rows of the catalogue.
        mask: mask that every image has in ``mask.npy``: H×W bytes, 0 or 255, at a third of the
            offset of the image.
        refused: images, or pairs, that are missing from the set, counted by reason; notes and other
            files that are no images do not count.
    """

    format: int
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
    mask: Mask = ""
    refused: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        splits = {"train": self.train, "val": self.val, "test": self.test}
        counts = ", ".join(f"{count} {split}" for split, count in splits.items() if count)
        kind = "stand-in for real rain, " if self.standin else ""
        refused = f"; {self.quarantined} files refused, see {QUARANTINE}" * bool(self.quarantined)
        return f"{self.role}/{self.name}: {kind}{self.images} images ({counts}){refused}"
