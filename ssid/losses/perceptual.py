"""Distances between pictures in the features of trained classifiers."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssid.errors import UserError, nearest
from ssid.losses.precision import at_least_float32, full_precision
from ssid.losses.pretrained import draw, fill, read_torchvision, read_weights
from ssid.losses.trunks import RANDOM, Frozen, Trunk

LPIPS_WEIGHTS = {
    "alex": "AlexNet_Weights.IMAGENET1K_V1",
    "squeeze": "SqueezeNet1_1_Weights.IMAGENET1K_V1",
    "vgg": "VGG16_Weights.IMAGENET1K_V1",
}


def perceptual_loss(
    estimate: Sequence[Tensor],
    target: Sequence[Tensor],
    norm: Literal["l1", "l2"] = "l2",
) -> Tensor:
    """Return Σ_i mean |V_i(estimate) - V_i(target)|^k, a scalar, with k = 1 or 2.

    Feature reconstruction of Johnson et al., ECCV 2016, Eq. 2.

    Args:
        estimate: feature maps V_i, N×C×h×w each, gradient flows here.
        target: the same for the target, constants.
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


class LearnedPerceptualSimilarity(nn.Module):
    """LPIPS (Zhang et al., CVPR 2018, Eq. 1) as a loss on images N×3×H×W, RGB in [0, 1].

    SAPNet's L_lpisl (Zheng et al., WACV 2022, slides Eq. 4). Its published code passes through a
    Python number, so that no gradient is left, looks at the first image of a batch only, and gives
    the network [0, 1] where it expects [-1, 1]; none of this is repeated here.

    Args:
        network: ``"vgg"``, as in the slides, ``"alex"``, as in SAPNet's code, or ``"squeeze"``;
            with ``_random`` behind it the trunk (not its linear heads) has random weights.
        weights: file with torchvision's weights for the trunk; by default torchvision's own place.

    Raises:
        UserError: if the network is unknown, or its weights are missing, damaged or do not fit.
    """

    def __init__(self, network: str = "vgg", weights: Path | None = None) -> None:
        super().__init__()
        self.lpips = Frozen(load_lpips(network, weights))

    @full_precision
    def forward(self, estimate: Tensor, target: Tensor) -> Tensor:
        """Return the mean distance of ``estimate`` from the constant ``target``, a scalar."""
        return self.lpips(2 * estimate - 1, 2 * target.detach() - 1).mean()


def load_lpips(network: str, weights: Path | None = None, seed: int = 0) -> nn.Module:
    """Return the network of the package lpips, in evaluation mode, for images in [-1, 1].

    The package has the linear heads, and would download the trunk, which here is read from a
    local file. Arguments and errors are those of :class:`LearnedPerceptualSimilarity`; ``seed``
    determines random weights.
    """
    import lpips

    kind = network.removesuffix(RANDOM)
    if kind not in LPIPS_WEIGHTS:
        raise UserError(
            f"unknown network {network!r} for LPIPS.{nearest(kind, LPIPS_WEIGHTS)}"
            f" Available: {', '.join(LPIPS_WEIGHTS)}."
        )
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The package calls torchvision in a deprecated way.
        model = lpips.LPIPS(net=kind, pnet_rand=True, pretrained=False, verbose=False)
    heads = read_weights(Path(lpips.__file__).with_name("weights") / "v0.1" / f"{kind}.pth")
    model.lins.to_empty(device="cpu")
    fill(model.lins, {key.removeprefix("lin"): value for key, value in heads.items()}, network)
    model.net.to_empty(device="cpu")
    if network.endswith(RANDOM):
        draw(model.net, seed)
    else:
        # Torchvision's "features.7.weight" is "slice3.7.weight" there, in one of several slices.
        names = {f"features.{key.split('.', 1)[1]}": key for key in model.net.state_dict()}
        stored = read_torchvision(LPIPS_WEIGHTS[kind], weights)
        fill(model.net, {names[key]: v for key, v in stored.items() if key in names}, network)
    return model
