"""PSNR and SSIM against the clean image, in RGB or on the luma Y, from 8-bit or float images.

Papers disagree on colour space, rounding and borders, by more than a decibel in all; so a number
is only comparable together with its protocol. The default here is: estimates rounded to 8 bit as
if they had been saved, then either all three channels or the unrounded BT.601 luma.
"""

import math
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

Channel = Literal["rgb", "y"]
Border = Literal["valid", "zero"]

PSNR_CAP = 100.0
SSIM_WINDOW = 11
SSIM_SIGMA = 1.5


def psnr(
    estimate: Tensor,
    target: Tensor,
    channel: Channel = "rgb",
    *,
    eight_bit: bool = True,
    counted: Tensor | None = None,
) -> Tensor:
    """Return the peak signal-to-noise ratio of each image in dB.

    The squared error is averaged over pixels and channels against a peak of 255. The value is
    capped at 100 dB, which SSID-KD's evaluation gives to identical images, so that averages stay
    finite.

    Args:
        estimate: N×3×H×W or 3×H×W, RGB in [0, 1]; values outside are clamped.
        target: the clean image, same shape.
        channel: ``"rgb"`` for all channels, ``"y"`` for :func:`luma`.
        eight_bit: round both images to 8 bit first.
        counted: H×W, True where pixels count; None for all of them.

    Returns:
        float64 tensor of N values in dB.

    Raises:
        ValueError: if the shapes differ or are no images, or the channel is unknown.
    """
    estimate, target = _planes(estimate, target, channel, eight_bit)
    error = _mean((estimate - target).square(), counted)
    return (10 * torch.log10(255**2 / error)).clamp(max=PSNR_CAP)


def ssim(
    estimate: Tensor,
    target: Tensor,
    channel: Channel = "rgb",
    *,
    eight_bit: bool = True,
    border: Border = "valid",
    counted: Tensor | None = None,
) -> Tensor:
    """Return the structural similarity of each image (Wang et al., TIP 2004, eq. 13).

    Gaussian window 11×11 with σ = 1.5, K1 = 0.01, K2 = 0.03, L = 255, biased local moments;
    computed per channel, then averaged. No downsampling precedes it.

    Args:
        estimate: N×3×H×W or 3×H×W, RGB in [0, 1]; values outside are clamped.
        target: the clean image, same shape.
        channel: ``"rgb"`` for all channels, ``"y"`` for :func:`luma`.
        eight_bit: round both images to 8 bit first.
        border: ``"valid"`` averages over the (H−10)×(W−10) windows that lie inside the image, as
            MATLAB code does; ``"zero"`` pads with zeros and averages over H×W, as SSID-KD does.
        counted: H×W, True where windows count by their centres; None for all of them. Other
            pixels are taken as equal, so that windows beside them see no difference there.

    Returns:
        float64 tensor of N values, 1 for identical images.

    Raises:
        ValueError: if the shapes differ, are no images, or a side is below 11 pixels.
    """
    x, y = _planes(estimate, target, channel, eight_bit)
    if counted is not None:
        x = torch.where(counted, x, y)
        reach = SSIM_WINDOW // 2 if border == "valid" else 0
        counted = counted[reach : len(counted) - reach, reach : counted.shape[1] - reach]
    if min(x.shape[-2:]) < SSIM_WINDOW:
        raise ValueError(f"SSIM needs at least 11×11 pixels, got {tuple(x.shape[-2:])}")
    moments = _blur(torch.stack((x, y, x * x, y * y, x * y)), border)
    mu_x, mu_y, xx, yy, xy = moments
    C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    var_x, var_y, cov = xx - mu_x**2, yy - mu_y**2, xy - mu_x * mu_y
    similarity = (2 * mu_x * mu_y + C1) * (2 * cov + C2)
    similarity /= (mu_x**2 + mu_y**2 + C1) * (var_x + var_y + C2)
    return _mean(similarity, counted)


def quantise(images: Tensor) -> Tensor:
    """Return images as a file with 8 bit per channel holds them: clamped to [0, 1] and rounded.

    Shape and dtype stay; the values are multiples of 1/255.
    """
    return images.clamp(0, 1).mul(255).round().div(255)


def luma(images: Tensor) -> Tensor:
    """Return the BT.601 studio-range luma Y of MATLAB's ``rgb2ycbcr``, without its rounding.

    Y = 16 + 65.481 R + 128.553 G + 24.966 B; black is 16 and white 235.

    Args:
        images: N×3×H×W, RGB in [0, 1].

    Returns:
        N×1×H×W in [16, 235], same dtype.
    """
    red, green, blue = images.split(1, dim=1)
    return 16 + 65.481 * red + 128.553 * green + 24.966 * blue


def _planes(
    estimate: Tensor, target: Tensor, channel: Channel, eight_bit: bool
) -> tuple[Tensor, Tensor]:
    """Return both images as N×C×H×W float64 on the scale 0…255, as the protocol asks."""
    if estimate.shape != target.shape:
        raise ValueError(
            f"estimate and target differ in shape: {tuple(estimate.shape)}, {tuple(target.shape)}"
        )
    # A silent fallback would label RGB numbers as Y, the classic mistake of published tables.
    if channel not in get_args(Channel):
        raise ValueError(f"channel must be one of {get_args(Channel)}, got {channel!r}")
    if estimate.dim() not in (3, 4) or estimate.shape[-3] != 3:
        raise ValueError(f"expected N×3×H×W or 3×H×W, got {tuple(estimate.shape)}")
    return _plane(estimate, channel, eight_bit), _plane(target, channel, eight_bit)


def _mean(values: Tensor, counted: Tensor | None) -> Tensor:
    """Return the mean of each of N×C×H×W, over the pixels that count; NaN where none does."""
    return (values if counted is None else values[..., counted]).flatten(1).mean(dim=1)


def _plane(images: Tensor, channel: Channel, eight_bit: bool) -> Tensor:
    images = images.double().reshape(-1, *images.shape[-3:])
    images = quantise(images) if eight_bit else images.clamp(0, 1)
    return luma(images) if channel == "y" else images * 255


def _blur(maps: Tensor, border: Border) -> Tensor:
    """Filter the last two dimensions with the Gaussian window, rows first, then columns."""
    reach = SSIM_WINDOW // 2
    taps = [math.exp(-(offset**2) / (2 * SSIM_SIGMA**2)) for offset in range(-reach, reach + 1)]
    if border == "zero":
        maps = F.pad(maps, (reach, reach, reach, reach))
    # Weighted sums of shifted views: ten times faster than conv2d, which is slow in float64.
    for dim in (-1, -2):
        size = maps.shape[dim] - 2 * reach
        blurred = torch.zeros_like(maps.narrow(dim, 0, size))
        for shift, tap in enumerate(taps):
            blurred.add_(maps.narrow(dim, shift, size), alpha=tap / sum(taps))
        maps = blurred
    return maps
