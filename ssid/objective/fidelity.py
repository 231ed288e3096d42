"""Structural similarity as a differentiable loss (Wang et al., IEEE TIP 2004)."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ssid.models.precision import full_precision
from ssid.objective.registry import term
from ssid.objective.scene import Scene

WINDOW = 11
SIGMA = 1.5
C1 = 0.01**2
C2 = 0.03**2


@full_precision
def ssim(estimate: Tensor, target: Tensor, border: Literal["valid", "zero"] = "valid") -> Tensor:
    """Return the mean structural similarity of two batches of images, a scalar in [-1, 1].

    Every channel is compared by itself, with K = (0.01, 0.03) and the 11×11 Gaussian window,
    σ = 1.5, of Wang et al., Eq. 13-17. This is the similarity: 1 - ssim is the loss.

    Args:
        estimate: N×C×H×W in [0, 1], gradient flows here.
        target: N×C×H×W in [0, 1], a constant.
        border: ``"valid"`` compares only windows that lie inside the image, which then has at
            least 11 pixels a side. ``"zero"`` surrounds the image with five black pixels, as
            SSID-KD does for its loss and its tables.
    """
    target = target.detach()
    # Variances do not depend on the level of a picture, but in float32 their rounding does.
    level = (estimate + target).mean(dim=(-2, -1), keepdim=True).detach() / 2
    if border == "zero":
        estimate, target = (F.pad(images, (WINDOW // 2,) * 4) for images in (estimate, target))
    x, y = estimate - level, target - level
    moments = torch.stack((x, y, x.square() + y.square(), x * y))
    x, y, power, product = _blur(moments.flatten(0, 2)).unflatten(0, (4, *level.shape[:2]))
    variances = power - x.square() - y.square()
    covariance = product - x * y
    μx, μy = x + level, y + level
    luminance = (2 * μx * μy + C1) / (μx.square() + μy.square() + C1)
    structure = (2 * covariance + C2) / (variances + C2)
    return (luminance * structure).mean()


def _blur(planes: Tensor) -> Tensor:
    """Convolve each plane of K×H×W with the Gaussian window, first down, then across."""
    offsets = torch.arange(WINDOW, dtype=planes.dtype, device=planes.device) - WINDOW // 2
    window = (-offsets.square() / (2 * SIGMA**2)).softmax(dim=0).expand(len(planes), 1, 1, WINDOW)
    # Depthwise: on a CPU ten times faster than the same planes as a batch of one channel.
    return F.conv2d(F.conv2d(planes, window.mT, groups=len(planes)), window, groups=len(planes))


@term("l1", kind="loss", student=("rainy",), images=("clean",))
def l1(scene: Scene) -> Tensor:
    """Return the mean absolute error on the pairs."""
    return F.l1_loss(scene.derained("rainy"), scene.batch.clean)


@term("mse", kind="loss", student=("rainy",), images=("clean",))
def mse(scene: Scene) -> Tensor:
    """Return the mean squared error on the pairs."""
    return F.mse_loss(scene.derained("rainy"), scene.batch.clean)


@term("ssim", kind="loss", student=("rainy",), images=("clean",))
def ssim_loss(scene: Scene, *, border: Literal["valid", "zero"] = "valid") -> Tensor:
    """Return 1 − SSIM on the pairs; rain-prior distillation, Eq. 3, and SSID-KD's teacher."""
    return 1 - ssim(scene.derained("rainy"), scene.batch.clean, border)


@term("deep_supervision", kind="loss", student=("rainy",), images=("clean",))
def deep_supervision(scene: Scene) -> Tensor:
    """Return 1 − SSIM on the pairs, averaged over all stages of a recurrent network."""
    losses = [1 - ssim(stage.image, scene.batch.clean) for stage in scene.student("rainy")]
    return torch.stack(losses).mean()
