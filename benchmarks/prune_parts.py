"""What the pruning table is made of: subjects, images to learn from, and measurements."""

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from benchmarks.folders import list_pairs, open_tensors
from benchmarks.prenet_interop import SETS
from ssid.data.rain.render import render
from ssid.data.splits import evenly_spaced
from ssid.errors import UserError
from ssid.metrics.efficiency import measure_latency
from ssid.metrics.fidelity import psnr, ssim
from ssid.models import Derainer, load_model
from ssid.models.interop import import_weights
from ssid.prune.dreaming import Dream, Dreaming, dream, penultimate
from ssid.prune.images import beside, in_rain, random_crops, random_noise, read_pictures

SIDE = 256  # of the images on which speed is measured
ROUNDS = 5  # in which the two networks take turns

Pairs = Sequence[tuple[Tensor, Tensor]]
"""Rainy and clean images, 1×3×H×W each."""

RECOVERIES = (
    "random noise",
    "clean images",
    "dreamed, no diversity",
    "dreamed",
    "dreamed and rendered",
    "training rain",
)


@dataclass(frozen=True)
class Size:
    """How much is done.

    Attributes:
        steps: of recovery in each round.
        rounds: cuts, each followed by a recovery.
        batch: images per step.
        patch: their side in pixels.
        dream: steps from noise to a dream.
        photographs: clean photographs that are read of each folder; None for all.
        images: test images of each set, evenly spaced; None for all.
        side: of the centre crop of test images; None for whole images.
        repeats: timed passes.
    """

    steps: int
    rounds: int
    batch: int
    patch: int
    dream: int
    photographs: int | None
    images: int | None
    side: int | None
    repeats: int


class Subject(NamedTuple):
    """A trained network, and the test sets that it is measured on."""

    name: str
    model: Derainer
    sets: tuple[str, ...]


def published(data: Path, name: str) -> Subject:
    """Return the PReNet that was published for one set, to be measured on that set."""
    model = import_weights("prenet", data / "weights/prenet" / SETS[name])
    return Subject(f"prenet-{name}", model, (name,))


def own(entry: str) -> Subject:
    """Return the network of ``NAME=FILE``, to be measured on both sets.

    Raises:
        UserError: if the entry has another form, or the file cannot be read.
    """
    name, equals, path = entry.partition("=")
    if not (name and equals and path):
        raise UserError(f"--model: found {entry!r}, expected NAME=FILE.safetensors.")
    return Subject(name, load_model(Path(path)), tuple(SETS))


class Sources:
    """Batches for every kind of recovery of one subject, the same for every pruned copy of it.

    Clean photographs come from clean/bsds/val; half of ``dreamed and rendered`` are these in rain
    of the profile ``varied``. The ceiling, ``training rain``, is rain of the subject's sets
    rendered on clean/bsds/train: PReNet's own training images are not at hand. The seed decides
    which crops are taken, and the noise from which dreams begin.
    """

    def __init__(self, data: Path, subject: Subject, size: Size, seed: int) -> None:
        self._model, self._size, self._seed = subject.model, size, seed
        self._clean = read_pictures(data / "clean/bsds/val", size.photographs)
        self._rainy = [
            render(picture, subject.sets[seed % len(subject.sets)], seed)[0]
            for seed, picture in enumerate(
                read_pictures(data / "clean/bsds/train", size.photographs)
            )
        ]

    def batches(self, recovery: str) -> Iterator[Tensor]:
        """Return batches of one of ``RECOVERIES``, N×3×p×p in [0, 1]."""
        batch, patch = self._size.batch, self._size.patch
        kinds: dict[str, Callable[[], Iterator[Tensor]]] = {
            "random noise": lambda: random_noise(batch, patch, self._seed),
            "clean images": lambda: random_crops(self._clean, batch, patch, self._seed),
            "dreamed, no diversity": lambda: images_of(self.dreams(0.0)),
            "dreamed": lambda: images_of(self.dreams(Dreaming.diversity)),
            "dreamed and rendered": self.dreamed_and_rendered,
            "training rain": lambda: random_crops(self._rainy, batch, patch, self._seed),
        }
        return kinds[recovery]()

    def dreamed_and_rendered(self) -> Iterator[Tensor]:
        """Return batches of which one half is dreamed, the other rendered."""
        half = self._size.batch // 2
        rendered = in_rain(self._clean, "varied", self._seed)
        dreams = self.dreams(Dreaming.diversity, self._size.batch - half)
        crops = random_crops(rendered, half, self._size.patch, self._seed)
        return beside(images_of(dreams), crops)

    def dreams(self, diversity: float, batch: int | None = None) -> Iterator[Dream]:
        """Return what the subject dreams of."""
        crops = (batch or self._size.batch, self._size.patch, self._seed)
        clean = random_crops(self._clean, *crops)
        dreaming = Dreaming(self._size.dream, diversity=diversity)
        return dream(penultimate(self._model), clean, dreaming, self._seed)


def images_of(dreams: Iterable[Dream]) -> Iterator[Tensor]:
    """Yield the images of dreams."""
    return (now.images for now in dreams)


def test_pairs(data: Path, name: str, size: Size) -> Pairs:
    """Return rainy and clean test images of one set, 1×3×H×W."""
    pairs = map(open_tensors, evenly_spaced(list_pairs(data, name), size.images))
    return [(centre(rainy, size.side), centre(clean, size.side)) for rainy, clean in pairs]


def centre(image: Tensor, side: int | None) -> Tensor:
    """Return the centre crop of an image N×3×H×W; all of it for a side of None."""
    if side is None:
        return image
    top, left = ((length - side) // 2 for length in image.shape[-2:])
    return image[..., top : top + side, left : left + side]


@torch.inference_mode()
def quality(model: Derainer, pairs: Pairs) -> dict[str, float]:
    """Return the means over images of PSNR and SSIM of the luma Y, and of PSNR in RGB, at 8 bit."""
    rows = []
    for rainy, clean in pairs:
        derained = model(rainy)
        values = psnr(derained, clean, "y"), ssim(derained, clean, "y"), psnr(derained, clean)
        rows.append([value.item() for value in values])
    means = np.mean(rows, axis=0).tolist()
    return dict(zip(("psnr_y", "ssim_y", "psnr_rgb"), means, strict=True))


def measure_speedup(
    original: Derainer, pruned: Derainer, repeats: int, side: int = SIDE
) -> dict[str, float]:
    """Return both latencies and their ratio; the networks take turns, so that both see one machine.

    Medians over rounds of the medians of ``repeats`` / ``ROUNDS`` passes on one image of
    side × side pixels.
    """
    each = max(2, repeats // ROUNDS)
    rounds = [
        [
            measure_latency(model, side, side, repeats=each, warmup=1).median_ms
            for model in (original, pruned)
        ]
        for _ in range(ROUNDS)
    ]
    before, after = (statistics.median(column) for column in zip(*rounds, strict=True))
    return {"latency_ms": before, "pruned_latency_ms": after, "speedup": before / after}
