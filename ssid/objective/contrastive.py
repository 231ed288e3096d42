"""Perceptual contrast: towards the rain-free picture, away from the rainy one."""

from collections.abc import Sequence
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from ssid.config.base import NotNegative
from ssid.models.precision import at_least_float32
from ssid.models.trunks import Trunk, TrunkName, load_trunk
from ssid.objective.registry import Setup, term
from ssid.objective.scene import Scene

SAPNET_WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4)
EPSILON = 1e-7
Omega = Annotated[list[NotNegative], Field(min_length=4, max_length=4)]
"""ω of the four feature maps, fine to coarse."""


def perceptual_contrastive_loss(
    anchor: Sequence[Tensor],
    positive: Sequence[Tensor],
    negative: Sequence[Tensor],
    weights: Sequence[float] = SAPNET_WEIGHTS,
) -> Tensor:
    """Return Σ_i ω_i · mean|V_i(D) - V_i(G)| / (mean|V_i(D) - V_i(R)| + 1e-7), a scalar.

    SAPNet's L_pcl (Zheng et al., WACV 2022). The slides do not give ω; the default is that of the
    code, which multiplies the loss by 4 besides. 0 if the estimate is the positive.

    Args:
        anchor: feature maps V_i(D) of the estimate, N×C×h×w each; gradient flows only here.
        positive: V_i(G) of the picture without rain. For real rain, which has none, the teacher's
            estimate takes its place.
        negative: V_i(R) of the rainy picture.
        weights: ω, one for each feature map.
    """
    ratios = [
        weight * _distance(mine, good) / (_distance(mine, bad) + EPSILON)
        for weight, mine, good, bad in zip(weights, anchor, positive, negative, strict=True)
    ]
    return torch.stack(ratios).sum()


class PerceptualContrast(nn.Module):
    """:func:`perceptual_contrastive_loss` of images N×3×H×W, RGB in [0, 1], in a trunk's features.

    The published default is ``load_trunk("vgg16")``.

    Args:
        trunk: the frozen network V; its input is normalised, which the published code omits.
        weights: ω, one for each tap of the trunk.
    """

    def __init__(self, trunk: Trunk, weights: Sequence[float] = SAPNET_WEIGHTS) -> None:
        super().__init__()
        self.trunk = trunk
        self.weights = tuple(weights)

    def forward(self, estimate: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Return the loss of ``estimate`` between two constant batches, a scalar."""
        with torch.no_grad():
            references = self.trunk(torch.cat((positive, negative)))
        good, bad = zip(*(maps.chunk(2) for maps in references), strict=True)
        return perceptual_contrastive_loss(self.trunk(estimate), good, bad, self.weights)


def _distance(mine: Tensor, reference: Tensor) -> Tensor:
    return F.l1_loss(at_least_float32(mine), at_least_float32(reference.detach()))


def contrast_part(
    setup: Setup,
    *,
    trunk: TrunkName = "efficientnet_lite0",
    weights: str | None = None,
    omega: Omega = list(SAPNET_WEIGHTS),  # noqa: B006 (never changed)
) -> PerceptualContrast:
    """Return the contrast in a frozen trunk."""
    return PerceptualContrast(load_trunk(trunk, weights), omega)


@term(
    "contrastive",
    kind="loss",
    student=("rainy",),
    images=("rainy", "clean"),
    part=contrast_part,
)
def contrastive(scene: Scene, part: nn.Module) -> Tensor:
    """Pull the estimate to the clean image, away from the rainy one; SAPNet's PCL."""
    return part(scene.derained("rainy"), scene.batch.clean, scene.batch.rainy)


@term(
    "contrastive_real",
    kind="loss",
    student=("real",),
    images=("real", "pseudo_clean"),
    part=contrast_part,
)
def contrastive_real(scene: Scene, part: nn.Module) -> Tensor:
    """The same for real rain, with the teacher's estimate in the place of the clean image."""
    return part(scene.derained("real"), scene.images("pseudo_clean"), scene.batch.real)
