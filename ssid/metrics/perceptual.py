"""LPIPS, the distance of deep features between two images, from weights on this machine."""

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from ssid.metrics.fidelity import quantise
from ssid.models.lpips import load_lpips

Trunk = Literal["alex", "vgg"]


class Lpips(nn.Module):
    """LPIPS v0.1 (Zhang et al., "The Unreasonable Effectiveness of Deep Features", CVPR 2018).

    The package ``lpips`` carries the linear weights; the ImageNet weights of the trunk are not in
    any package and are read from a file in torchvision's format. Nothing is ever downloaded.

    Args:
        trunk: ``"alex"`` for reported numbers, ``"vgg"`` for comparison with losses.
        weights: file with the trunk's ImageNet weights; None looks where torchvision stores them.

    Raises:
        UserError: if that file is missing, damaged or holds another network.
    """

    def __init__(self, trunk: Trunk = "alex", weights: Path | None = None) -> None:
        super().__init__()
        self.network = load_lpips(trunk, weights)
        self.requires_grad_(False).eval()

    @torch.inference_mode()
    def forward(self, estimate: Tensor, target: Tensor) -> Tensor:
        """Return the distance of each image pair; 0 for identical images, lower is better.

        Args:
            estimate: N×3×H×W, RGB in [0, 1], rounded to 8 bit here.
            target: the clean image, same shape.

        Returns:
            float64 tensor of N values.
        """
        device = next(self.parameters()).device
        estimate, target = (quantise(images.float().to(device)) for images in (estimate, target))
        return self.network(estimate, target, normalize=True).flatten().double()
