"""SSID-KD's training of the student as its published code has it, written plainly.

One network, started from the teacher's weights, learns from pairs and from real photographs. Each
sample decodes its whole PNG files and cuts a crop out of each; the two batches go through the
network one after the other; the dark channel is one pooling over all channels and the window.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from benchmarks.turns import Turn
from ssid.models import Derainer

L1_WEIGHT, OTHER_WEIGHT, RATE = 20, 1e-6, 1e-4


class Samples(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Rainy crop, clean crop and real crop, 3×side×side each.

    Args:
        folder: folder with ``rainy`` and ``clean``; the rainy photographs are the real ones, too.
        side: side of the crops.
    """

    def __init__(self, folder: Path, side: int) -> None:
        self.rainy = sorted((folder / "rainy").iterdir())
        self.clean = sorted((folder / "clean").iterdir())
        self.side = side
        self.random = np.random.RandomState(66)

    def __len__(self) -> int:
        return 100 * len(self.rainy)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        number %= len(self.rainy)
        rainy, clean = _decode(self.rainy[number]), _decode(self.clean[number])
        real = _decode(self.rainy[self.random.randint(len(self.rainy))])
        place, other = self._corner(rainy), self._corner(real)
        return self._cut(rainy, place), self._cut(clean, place), self._cut(real, other)

    def _corner(self, image: np.ndarray) -> tuple[int, int]:
        height, width = image.shape[:2]
        top = self.random.randint(height - self.side + 1)
        return top, self.random.randint(width - self.side + 1)

    def _cut(self, image: np.ndarray, corner: tuple[int, int]) -> Tensor:
        top, left = corner
        crop = image[top : top + self.side, left : left + self.side]
        return torch.from_numpy(crop.transpose(2, 0, 1).copy())


def _decode(file: Path) -> np.ndarray:
    return np.asarray(Image.open(file).convert("RGB"), np.float32) / 255


def train_as_published(
    network: Derainer, folder: Path, batch: int, side: int, turn: Turn, whole_window: bool = True
) -> None:
    """Train for ever.

    Args:
        network: the network that learns.
        folder: folder of PNG files.
        batch: number of pairs, and of real photographs, in a step.
        side: side of the crops, and of the window of the dark channel.
        turn: turn to take before each step.
        whole_window: flag that says whether the window is pooled as a whole, as published, or by
            columns and rows, which gives the same.
    """
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    batches = _forever(Samples(folder, side), batch)
    while True:
        turn.begin()
        rainy, clean, real = turn.wait(lambda: next(batches))
        optimizer.zero_grad()
        on_pairs, on_real = network.unroll(rainy)[-1], network.unroll(real)[-1]
        images = (on_pairs.image, on_real.image)
        dark = sum(_darkness((image + 1) / 2, side, whole_window) for image in images)
        smooth = sum(_variation(image) for image in images)
        synthetic, found = (one.features.code.softmax(dim=1) for one in (on_pairs, on_real))
        apart = F.kl_div(synthetic.log(), found, reduction="none").mean()
        error = F.l1_loss(on_pairs.image, clean)
        loss = L1_WEIGHT * error + OTHER_WEIGHT * (dark + smooth + apart)
        loss.backward()
        optimizer.step()


def _forever(samples: Samples, batch: int) -> Iterator[list[Tensor]]:
    while True:
        yield from DataLoader(samples, batch, shuffle=True, drop_last=True)


def _darkness(images: Tensor, window: int, whole: bool) -> Tensor:
    """Return −Σ of the brightest value of 1 − x over all channels and the window."""
    inverse, half = (1 - images)[:, None], window // 2
    if whole:
        return -F.max_pool3d(inverse, (3, window, window), 1, (0, half, half)).sum()
    columns = F.max_pool3d(inverse, (3, window, 1), 1, (0, half, 0))
    return -F.max_pool3d(columns, (1, 1, window), 1, (0, 0, half)).sum()


def _variation(images: Tensor) -> Tensor:
    """Return Σ of absolute differences, black pixels being left of and above the image."""
    horizontal = (images - F.pad(images, (1, 0))[..., :-1]).abs().sum()
    return horizontal + (images - F.pad(images, (0, 0, 1, 0))[..., :-1, :]).abs().sum()
