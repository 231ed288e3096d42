"""Distances between pictures in the features of trained classifiers."""

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssid.models.precision import at_least_float32
from ssid.models.trunks import Trunk, TrunkName, load_trunk
from ssid.objective.registry import Setup, term
from ssid.objective.scene import Scene


def perceptual_loss(
    estimate: Sequence[Tensor],
    target: Sequence[Tensor],
    norm: Literal["l1", "l2"] = "l2",
) -> Tensor:
    """Return Σ_i mean |V_i(estimate) - V_i(target)|^k, a scalar, with k = 1 or 2.

    Feature reconstruction of Johnson et al., ECCV 2016, Eq. 2.

    Args:
        estimate: feature maps V_i, N×C×h×w each, gradient flows here.
        target: feature maps of the target, constants.
        norm: ``"l1"`` for k = 1, ``"l2"`` for k = 2.
    """
    distance = F.l1_loss if norm == "l1" else F.mse_loss
    distances = []
    for mine, wanted in zip(estimate, target, strict=True):
        distances.append(distance(at_least_float32(mine), at_least_float32(wanted.detach())))
    return torch.stack(distances).sum()


class PerceptualLoss(nn.Module):
    """:func:`perceptual_loss` of images N×3×H×W, RGB in [0, 1], in the features of a trunk."""

    def __init__(self, trunk: Trunk, norm: Literal["l1", "l2"] = "l2") -> None:
        super().__init__()
        self.trunk = trunk
        self.norm = norm

    def forward(self, estimate: Tensor, target: Tensor) -> Tensor:
        """Return the distance of ``estimate`` from the constant ``target``, a scalar."""
        with torch.no_grad():
            wanted = self.trunk(target)
        return perceptual_loss(self.trunk(estimate), wanted, self.norm)


def perceptual_part(
    setup: Setup,
    *,
    trunk: TrunkName = "efficientnet_lite0",
    weights: str | None = None,
    norm: Literal["l1", "l2"] = "l2",
) -> PerceptualLoss:
    """Return the feature distance in a frozen trunk."""
    return PerceptualLoss(load_trunk(trunk, weights), norm)


@term(
    "perceptual",
    kind="loss",
    student=("rainy",),
    images=("clean",),
    part=perceptual_part,
)
def perceptual(scene: Scene, part: nn.Module) -> Tensor:
    """Return the distance of estimate and target in features of a trunk; ECCV 2016, Eq. 2."""
    return part(scene.derained("rainy"), scene.batch.clean)
