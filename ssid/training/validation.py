"""How good a network is on the pairs that training does not see."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import Tensor, nn

from ssid.data.store.reader import ImageStore
from ssid.metrics.fidelity import psnr, ssim
from ssid.pictures import Picture, to_picture, to_tensor

SIDE = 256
"""Validation looks at the central SIDE×SIDE pixels at most, so that it stays a small share."""


class Example(NamedTuple):
    """One validated image: 3×H×W pictures in [0, 1] and its scores in RGB, 8 bit."""

    rainy: Tensor
    derained: Tensor
    clean: Tensor
    psnr: float
    ssim: float

    def panel(self) -> Picture:
        """Return rainy, derained and clean side by side, H×3W×3 uint8."""
        return to_picture(torch.cat([self.rainy, self.derained, self.clean], dim=2))


class Validation(NamedTuple):
    """Mean PSNR in dB and SSIM over all validation images, and the first few examples."""

    psnr: float
    ssim: float
    examples: list[Example]


@torch.inference_mode()
def validate(
    network: nn.Module, stores: Sequence[ImageStore], accelerator: Accelerator, keep: int = 4
) -> Validation | None:
    """Return the scores of ``network`` on the validation pairs, or None if there are none.

    Every process takes its share of the images; all of them return the same scores.
    """
    network.eval()
    crops = list(central_crops(stores))
    mine = crops[accelerator.process_index :: accelerator.num_processes]
    examples = [_score(network, rainy, clean, accelerator.device) for rainy, clean in mine]
    network.train()
    scores = gather_object([(example.psnr, example.ssim) for example in examples])
    if not scores:
        return None
    mean = np.sort(np.array(scores), axis=0).mean(axis=0)
    return Validation(float(mean[0]), float(mean[1]), examples[:keep])


def central_crops(stores: Sequence[ImageStore]) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (rainy, clean), 1×3×H×W in [0, 1], for each validation pair."""
    for store in stores:
        for i in store.split("val"):
            yield _centre(store.rainy(i)), _centre(store.clean(i))


def _centre(image: np.ndarray) -> Tensor:
    top, left = (max(side - SIDE, 0) // 2 for side in image.shape[:2])
    return to_tensor(image[None, top : top + SIDE, left : left + SIDE])


def _score(network: nn.Module, rainy: Tensor, clean: Tensor, device: torch.device) -> Example:
    derained = network(rainy.to(device)).float().cpu()
    scores = float(psnr(derained, clean)), float(ssim(derained, clean))
    return Example(rainy[0], derained[0], clean[0], *scores)
