"""AFR-Net's own terms: its estimates at smaller scales, and its mask of the rain.

Its published objective, with means in the place of sums over pixels, is

    mse: {weight: 0.5}
    multi_scale: {weight: 1}
    rain_mask: {weight: 0.1}

beside a perceptual term. The release sums over pixels of images in [−1, 1], so that there all
images weigh more against the mask, and larger ones more against smaller ones, than here.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ssid.models import Derainer
from ssid.models import afrnet as network
from ssid.objective.registry import term
from ssid.objective.scene import Scene

SCALE_WEIGHTS = (0.8, 0.6, 0.4)
"""Weights of the estimates at ½, ¼ and ⅛; that at full size, of weight 1, is a term of its own."""


def has_smaller_estimates(student: Derainer) -> None:
    """Raise ``ValueError`` unless the student gives estimates at smaller scales."""
    if not (isinstance(student, network.AFRNet) and student.smaller):
        raise ValueError(
            "only the student afrnet, with its option auxiliary: true, gives estimates at smaller"
            " scales, too"
        )


def has_mask(student: Derainer) -> None:
    """Raise ``ValueError`` unless the student estimates where rain is."""
    if not isinstance(student, network.AFRNet):
        raise ValueError("only the students afrnet and afrnet_student give a mask of the rain")


@term(
    "multi_scale",
    kind="loss",
    student=("rainy",),
    images=("clean",),
    fits=has_smaller_estimates,
)
def multi_scale(scene: Scene) -> Tensor:
    """Return Σ_s w_s · ½ · mean (B̂_s − B_s)² over the scales ½, ¼, ⅛; AFR-Net (TIP 2021).

    B_s is the clean image, extended as the network extends its input, and resized bilinearly.
    """
    features = scene.student("rainy")[-1].features
    clean = _extend(scene.batch.clean, features.map)
    losses = [
        weight / 2 * F.mse_loss(estimate.float(), _resize(clean, estimate))
        for weight, estimate in zip(SCALE_WEIGHTS, features.side[1:], strict=True)
    ]
    return torch.stack(losses).sum()


@term("rain_mask", kind="loss", student=("rainy",), images=("rainy", "clean"), fits=has_mask)
def rain_mask(scene: Scene) -> Tensor:
    """Return ½ · mean (M − m)², m being 1 where rain changed a pixel more than average; AFR-Net."""
    batch = scene.batch
    target = network.rain_mask(batch.rainy, batch.clean)
    height, width = target.shape[-2:]
    mask = scene.student("rainy")[-1].features.side[0][..., :height, :width]
    return F.mse_loss(mask.float(), target) / 2


def _extend(images: Tensor, like: Tensor) -> Tensor:
    """Return ``images`` extended by reflection at the right and the bottom to the size of a map."""
    bottom, right = (b - a for a, b in zip(images.shape[-2:], like.shape[-2:], strict=True))
    return F.pad(images, (0, right, 0, bottom), mode="reflect")


def _resize(images: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(images, size=like.shape[-2:], mode="bilinear")
