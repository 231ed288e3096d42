"""LPIPS, the learned distance of Zhang et al. (CVPR 2018), from weights on this machine."""

import warnings
from pathlib import Path

import torch
from torch import nn

from ssid.errors import UserError, nearest
from ssid.models.pretrained import draw, fill, read_torchvision, read_weights
from ssid.models.trunks import RANDOM

LPIPS_WEIGHTS = {
    "alex": "AlexNet_Weights.IMAGENET1K_V1",
    "squeeze": "SqueezeNet1_1_Weights.IMAGENET1K_V1",
    "vgg": "VGG16_Weights.IMAGENET1K_V1",
}


def load_lpips(network: str, weights: Path | str | None = None, seed: int = 0) -> nn.Module:
    """Return the network of the package lpips, in evaluation mode, for images in [-1, 1].

    The package has the linear heads, and would download the trunk, which here is read from a
    local file. Arguments and errors are those of
    :class:`ssid.objective.lpips.LearnedPerceptualSimilarity`; ``seed`` determines random weights.
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
        stored = read_torchvision(LPIPS_WEIGHTS[kind], Path(weights) if weights else None)
        fill(model.net, {names[key]: v for key, v in stored.items() if key in names}, network)
    return model
