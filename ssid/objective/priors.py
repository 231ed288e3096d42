"""What rain-free photographs are known to look like: dark channel and total variation.

SSID-KD (Cui et al., IEEE TCSVT 2022) restrains its estimates on real rain by both. Its code sums
where a mean is meant, and takes images for [-1, 1] that are [0, 1]: the functions here are means,
independent of the size of crop and batch; those that end in ``_as_published`` keep the original.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ssid.models.precision import full_precision
from ssid.objective.registry import term
from ssid.objective.scene import Domain, Scene


@full_precision
def dark_channel(images: Tensor, window: int) -> Tensor:
    """Return the darkest value over all channels and a square window around each pixel.

    Dark channel prior of He et al., CVPR 2009, Eq. 5; what lies outside the image does not count.

    Args:
        images: N×C×H×W.
        window: side of the window in pixels. An even one is centred between pixels, and gives a
            map of (H+1)×(W+1).

    Returns:
        N×1×H×W.
    """
    # The largest of the negatives, column by column and then row by row: 2·window comparisons
    # a pixel instead of window².
    brightest = (-images).amax(dim=1, keepdim=True)
    columns = F.max_pool2d(brightest, (window, 1), stride=1, padding=(window // 2, 0))
    return -F.max_pool2d(columns, (1, window), stride=1, padding=(0, window // 2))


def dark_channel_loss(images: Tensor, window: int = 35) -> Tensor:
    """Return the mean dark channel of images N×C×H×W in [0, 1]; 0 is the prior met exactly.

    SSID-KD's term without its sum and without its rescaling of the images, which halved the
    slope: a weight of 1e-6 · N · 129² / 2 repeats the published strength on N crops of 128.
    The default window is the one of the sibling loss in its code.
    """
    return dark_channel(images, window).mean()


@full_precision
def dark_channel_loss_as_published(images: Tensor, window: int = 128) -> Tensor:
    """Return SSID-KD's dark-channel term as its code computes it: -Σ (1 - dark channel).

    Args:
        images: N×C×H×W in [0, 1]; they are nevertheless mapped by (x+1)/2.
        window: side of the window; the original uses the side of its crops.
    """
    return (dark_channel((images + 1) / 2, window) - 1).sum()


@full_precision
def total_variation(images: Tensor) -> Tensor:
    """Return mean |difference of horizontal neighbours| + the same of vertical ones.

    Anisotropic total variation of Rudin, Osher and Fatemi, 1992. Pixels at the border have fewer
    neighbours, no imagined ones: flat images give 0.

    Args:
        images: N×C×H×W, two pixels a side at least.
    """
    return images.diff(dim=-1).abs().mean() + images.diff(dim=-2).abs().mean()


@full_precision
def total_variation_as_published(images: Tensor) -> Tensor:
    """Return SSID-KD's total variation: a sum, with black pixels left of and above the image.

    The imagined border adds the value of every pixel in the first row and column, which the
    original thereby darkens.
    """
    horizontal = F.pad(images, (1, 0, 0, 0)).diff(dim=-1).abs().sum()
    vertical = F.pad(images, (0, 0, 1, 0)).diff(dim=-2).abs().sum()
    return horizontal + vertical


@term("dark_channel", kind="loss", student=("rainy", "real"))
def dark_channel_term(
    scene: Scene, *, window: int = 35, on: Domain = "real", as_published: bool = False
) -> Tensor:
    """Return the mean dark channel of estimates; SSID-KD, corrected or ``as_published``."""
    loss = dark_channel_loss_as_published if as_published else dark_channel_loss
    return torch.stack([loss(images, window) for images in scene.estimates(on)]).sum()


@term("total_variation", kind="loss", student=("rainy", "real"))
def total_variation_term(
    scene: Scene, *, on: Domain = "real", as_published: bool = False
) -> Tensor:
    """Return the total variation of estimates; SSID-KD, corrected or ``as_published``."""
    loss = total_variation_as_published if as_published else total_variation
    return torch.stack([loss(images) for images in scene.estimates(on)]).sum()
