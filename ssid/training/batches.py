"""Training batches: crops of stored images, a pure function of seed and step.

Sample number k of a stream always shows the same crop, whatever the number of processes or
loader workers, and wherever a training run was interrupted: resuming needs the step alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ssid.data.store.reader import ImageStore
from ssid.errors import UserError
from ssid.objective.batch import Batch
from ssid.pictures import to_tensor

PAIRS, REAL, FITTED = 0, 1, 2  # stream numbers: no two streams draw the same random numbers


@dataclass(frozen=True)
class Crop:
    """Where a patch is cut: image ``index`` of ``store``, its corner, whether it is mirrored.

    Attributes:
        light: share of its light that it keeps.
    """

    store: ImageStore
    index: int
    top: float
    left: float
    mirrored: bool
    light: float = 1.0


class Stream:
    """An endless, seeded order of random crops over the training images of several stores."""

    def __init__(
        self, stores: Sequence[ImageStore], seed: int, number: int, exposure: float = 1.0
    ) -> None:
        self.images = [(store, i) for store in stores for i in store.split("train")]
        self.seed = seed
        self.number = number
        self.exposure = exposure
        self._epoch = -1
        self._order = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self.images)

    def crop(self, k: int) -> Crop:
        """Return crop number ``k``; every image appears once in each run of len(self) crops."""
        epoch, position = divmod(k, len(self.images))
        if epoch != self._epoch:
            self._order = self._rng(1, epoch).permutation(len(self.images))
            self._epoch = epoch
        store, index = self.images[self._order[position]]
        top, left, mirror, dimmed = self._rng(2, k).random(4)
        light = self.exposure ** max(2 * dimmed - 1, 0)
        return Crop(store, index, top, left, mirror < 0.5, light)

    def _rng(self, purpose: int, counter: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, self.number, purpose, counter])


def cut(image: np.ndarray, crop: Crop, side: int) -> np.ndarray:
    """Return the ``side``×``side``×3 patch of H×W×3 ``image`` that ``crop`` describes.

    Images smaller than the patch are extended by reflection. Mirroring is horizontal only:
    rain that falls upwards or sideways is not rain that anybody has to remove.
    """
    height, width = image.shape[:2]
    top = int(crop.top * (max(height - side, 0) + 1))
    left = int(crop.left * (max(width - side, 0) + 1))
    patch = image[top : top + side, left : left + side]
    missing = side - patch.shape[0], side - patch.shape[1]
    if any(missing):
        patch = np.pad(patch, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="symmetric")
    return patch[:, ::-1] if crop.mirrored else patch


class Batches(Dataset[Batch]):
    """Item ``step`` is this process's share of the batch of that step.

    Args:
        synthetic: stores of rainy/clean pairs.
        real: stores of real rain; may be empty when ``real_count`` is 0.
        fitted: stores of pairs in fitted rain; may be empty when ``fitted_count`` is 0.
        pairs: pairs per step over all processes.
        fitted_count: pairs in fitted rain per step over all processes, beside ``pairs``.
        real_count: real photographs per step over all processes.
        patch: side of the square crops in pixels.
        exposure: least share of its light to which a crop is dimmed, see
            :class:`ssid.training.params.BatchParams`.
        seed: seed of the order and the crops.
        rank: number of this process.
        world: number of processes.
        parts: number of parts that each process divides its share into.

    Raises:
        UserError: if a batch cannot be shared equally, or a stream has no images.
    """

    def __init__(
        self,
        synthetic: Sequence[ImageStore],
        real: Sequence[ImageStore],
        fitted: Sequence[ImageStore] = (),
        *,
        pairs: int,
        real_count: int,
        fitted_count: int = 0,
        patch: int,
        exposure: float = 1.0,
        seed: int,
        rank: int = 0,
        world: int = 1,
        parts: int = 1,
    ) -> None:
        for name, count in (("pairs", pairs), ("real", real_count), ("fitted", fitted_count)):
            if count % (world * parts):
                sharing = f"{world} processes" if parts == 1 else f"{world} × {parts} parts"
                raise UserError(
                    f"batch.{name} is {count}, which {sharing} cannot share equally."
                    f" Use a multiple of {world * parts}."
                )
        self.pairs = Stream(synthetic, seed, PAIRS, exposure)
        self.real = Stream(real, seed, REAL, exposure)
        self.fitted = Stream(fitted, seed, FITTED, exposure)
        self.patch = patch
        self.counts = {PAIRS: pairs, REAL: real_count, FITTED: fitted_count}
        self.shares = {name: range(rank, count, world) for name, count in self.counts.items()}
        if not len(self.pairs):
            raise UserError("there are no synthetic pairs to train on: check params/data.yaml.")
        for name, count, stream in (
            ("real", real_count, self.real),
            ("fitted", fitted_count, self.fitted),
        ):
            if count and not len(stream):
                raise UserError(
                    f"batch.{name} is {count}, but no prepared set of real rain has images."
                    f" Add one with `ssid data add NAME FOLDER`, or set batch.{name} to 0."
                )

    def __getitem__(self, step: int) -> Batch:
        crops = [
            *self._crops(self.pairs, PAIRS, step),
            *self._crops(self.fitted, FITTED, step),
        ]
        real = self._crops(self.real, REAL, step)
        return Batch(
            rainy=self._stack(crops, [c.store.rainy(c.index) for c in crops]),
            clean=self._stack(crops, [c.store.clean(c.index) for c in crops]),
            real=self._stack(real, [c.store.rainy(c.index) for c in real]),
        )

    def samples(self, step: int) -> list[dict[str, str | float | bool]]:
        """Return what all processes see in a step: set, image, corner, mirrored, light."""
        streams = ((self.pairs, PAIRS), (self.fitted, FITTED), (self.real, REAL))
        return [
            {
                "set": f"{crop.store.summary.role}/{crop.store.summary.name}",
                "image": crop.store.records[crop.index].name,
                "top": float(crop.top),
                "left": float(crop.left),
                "mirrored": bool(crop.mirrored),
                "light": float(crop.light),
            }
            for stream, number in streams
            for crop in map(stream.crop, self._numbers(number, step))
        ]

    def _numbers(self, number: int, step: int) -> range:
        return range(step * self.counts[number], (step + 1) * self.counts[number])

    def _crops(self, stream: Stream, number: int, step: int) -> list[Crop]:
        numbers = self._numbers(number, step)
        return [stream.crop(numbers[position]) for position in self.shares[number]]

    def _stack(self, crops: list[Crop], images: list[np.ndarray]) -> Tensor:
        if not crops:
            return torch.empty(0, 3, self.patch, self.patch)
        pairs = zip(images, crops, strict=True)
        patches = to_tensor(np.stack([cut(image, crop, self.patch) for image, crop in pairs]))
        light = torch.tensor([crop.light for crop in crops], dtype=patches.dtype)
        return patches.contiguous().mul_(light.view(-1, 1, 1, 1))


def iterate(batches: Batches, start: int, stop: int, workers: int = 0) -> Iterator[Batch]:
    """Yield the batches of steps ``start`` … ``stop`` − 1, loaded ahead by ``workers``."""
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=range(start, stop),
        num_workers=workers,
        pin_memory=torch.cuda.is_available(),
    )
    yield from loader
