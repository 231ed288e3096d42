"""Unsupervised background segmentation: derained pictures should be easy to tell apart in parts."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssid.models.precision import full_precision
from ssid.models.trunks import COARSE, Frozen, Trunk, TrunkName, load_trunk
from ssid.objective.registry import Setup, term
from ssid.objective.scene import Domain, Scene

CLASSES = 21


@full_precision
def self_focal_loss(logits: Tensor, gamma: float = 2.0) -> Tensor:
    """Return mean -(1 - p)^γ log p, p being the probability of each pixel's most likely class.

    The focal loss of Lin et al., ICCV 2017, Eq. 4, with the network's own arg-max as its label:
    SAPNet's L_seg (Zheng et al., WACV 2022), whose α is not given and 1 in the code. At γ = 0 it is
    the cross-entropy with that label. As p ≥ 1/K, the clamp of the original is not needed.

    Args:
        logits: N×K×h×w for K classes.
        gamma: γ ≥ 0, how little pixels count whose class is already certain.
    """
    log_p = logits.log_softmax(dim=1).amax(dim=1)
    return -((1 - log_p.exp()).pow(gamma) * log_p).mean()


class PyramidHead(nn.Module):
    """Feature pyramid and classifier of SAPNet's segmentation network, linear throughout.

    Feature maps of four scales become N×21×h×w at the finest scale: a 1×1 convolution each to 256
    channels, summed from coarse to fine, two 3×3 convolutions each to 128, joined by a last one.
    The original draws the weights from N(0, 0.01²) and never trains them. Here ``seed`` makes them
    the same for ever, where the original draws new ones in every step.

    Args:
        channels: widths of the four feature maps, fine to coarse.
        seed: determines the weights.
    """

    def __init__(self, channels: Sequence[int], seed: int = 0) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(width, 256, 1) for width in channels)
        self.smooth = nn.ModuleList(
            nn.Sequential(nn.Conv2d(256, 256, 3, padding=1), nn.Conv2d(256, 128, 3, padding=1))
            for _ in channels
        )
        self.classify = nn.Conv2d(128 * len(channels), CLASSES, 3, padding=1)
        generator = torch.Generator().manual_seed(seed)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            else:
                nn.init.normal_(parameter, std=0.01, generator=generator)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Return logits N×21×h×w from feature maps, fine to coarse, at the size of the first."""
        sideways = [convolve(item) for convolve, item in zip(self.lateral, maps, strict=True)]
        pyramid = sideways[-1:]
        for finer in sideways[-2::-1]:
            pyramid.insert(0, finer + _resize(pyramid[0], finer))
        smooth = [convolve(item) for convolve, item in zip(self.smooth, pyramid, strict=True)]
        return self.classify(torch.cat([_resize(item, smooth[0]) for item in smooth], dim=1))


class BackgroundSegmentation(nn.Module):
    """:func:`self_focal_loss` of derained images N×3×H×W, RGB in [0, 1].

    Built once, frozen, batch normalisation in evaluation mode, input normalised: in SAPNet's code
    it is none of these. With an untrained head the term is a regulariser, a smooth projection of
    the trunk's features pulled towards certainty; it knows nothing of the 21 classes.

    Args:
        trunk: four feature maps with strides 4 to 32, as ``load_trunk("efficientnet_lite0",
            taps=COARSE)``; the published network has ``"resnet101"``.
        seed: determines the weights of the head.
        gamma: γ of the focal loss.
    """

    def __init__(self, trunk: Trunk, seed: int = 0, gamma: float = 2.0) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = Frozen(PyramidHead(trunk.channels, seed))
        self.gamma = gamma

    def forward(self, images: Tensor) -> Tensor:
        """Return the loss, a scalar."""
        return self_focal_loss(self.segment(images), self.gamma)

    @full_precision
    def segment(self, images: Tensor) -> Tensor:
        """Return logits N×21×⌈H/4⌉×⌈W/4⌉."""
        return self.head(self.trunk(images))


def _resize(maps: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(maps, size=like.shape[-2:], mode="bilinear", align_corners=True)


def segmentation_part(
    setup: Setup, *, trunk: TrunkName = "efficientnet_lite0", weights: str | None = None
) -> BackgroundSegmentation:
    """Return the frozen segmentation network."""
    return BackgroundSegmentation(load_trunk(trunk, weights, taps=COARSE))


@term("segmentation", kind="loss", student=("rainy", "real"), part=segmentation_part)
def segmentation(scene: Scene, part: nn.Module, *, on: Domain = "synthetic") -> Tensor:
    """Make segments of the estimate certain, without labels; SAPNet's L_seg."""
    return torch.stack([part(images) for images in scene.estimates(on)]).sum()
