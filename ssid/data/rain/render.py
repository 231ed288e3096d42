"""The rain renderer: streak layers and a veil over a clean photograph.

A streak layer starts as sparse noise, the drops, which is convolved with a short soft line, the
path of a drop during the exposure: the photo-editing recipe behind the published synthetic sets.
Their authors released no renderer, so the profile of a streak and the brightness of drops are
reconstructed from the published pairs.

The parameters, the seed and the size of the image alone decide what is drawn: neither other images
nor the number of workers or threads. The arithmetic is float64, so that the last bits, which may
differ with the number of threads, practically never survive rounding to 8 bits.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn import functional as F

from ssid.data.rain.files import find_profile
from ssid.data.rain.profiles import (
    PROFILES,
    RainLayer,
    RainParameters,
    RainProfile,
    in_perspective,
    sample_rain,
)
from ssid.pictures import to_picture, to_tensor

__all__ = [
    "PROFILES",
    "RainLayer",
    "RainParameters",
    "RainProfile",
    "composite",
    "disc_spectrum",
    "in_perspective",
    "rain_layer",
    "render",
    "render_rain",
    "sample_rain",
    "streak_spectrum",
    "transmission",
]

TAPER = 1 / 8  # standard deviation of the softness of a streak's ends, as a share of its length
RIM = 1.0  # standard deviation in pixels of the softness of a disc's rim
PLACES = 12  # places in each direction at which the light of a scene is measured
LUMA = (0.299, 0.587, 0.114)  # BT.601
DISCS = 1 << 62  # drops out of focus are drawn from a seed of their own


def render(
    clean: NDArray[np.uint8], profile: str | RainProfile, seed: int
) -> tuple[NDArray[np.uint8], RainParameters]:
    """Render the rain of a profile over a photograph.

    Args:
        clean: H×W×3 photograph, RGB.
        profile: a profile, its name in :data:`PROFILES`, or the path of its YAML file.
        seed: seed of this image, 0 or more.

    Returns:
        The H×W×3 rainy photograph, and what was drawn.

    Raises:
        UserError: if there is no such profile.
    """
    found = find_profile(profile) if isinstance(profile, str) else profile
    parameters = sample_rain(found, seed)
    image = to_tensor(clean, torch.float64)
    return to_picture(render_rain(image, parameters, seed)), parameters


def render_rain(clean: Tensor, parameters: RainParameters, seed: int) -> Tensor:
    """Render rain over ``clean`` (3×H×W in [0,1]); returns the rainy image, same shape and range.

    The drops are drawn on the CPU, so every device gets the same rain up to rounding.
    """
    rain = rain_layer(parameters, clean.shape[-2], clean.shape[-1], seed)
    return composite(clean, rain.to(clean), parameters)


def composite(clean: Tensor, rain: Tensor, parameters: RainParameters) -> Tensor:
    """Join photograph B and rain layer S, then put the veil in front of both.

    Additive: B + S. Screen: 1 − (1−B)(1−S) = B + S − B·S. Veil: α·x + (1−α)·A, as
    in Yang et al., CVPR 2017, section 3 (heavy rain), with one α for every row
    (:func:`transmission`). Streaks are as bright as the light around them lets them be
    (:func:`surrounding_light`).

    Args:
        clean: 3×H×W in [0,1].
        rain: H×W in [0,1], gray: every channel gets the same streaks.
        parameters: compositing, lighting and veil; the layers are not looked at.

    Returns:
        The 3×H×W rainy image, clipped to [0,1].
    """
    if parameters.lighting:
        rain = rain * (1 - parameters.lighting * (1 - surrounding_light(clean)))
    streaked = clean + rain
    if parameters.compositing == "screen":
        streaked = streaked - clean * rain
    alpha = transmission(parameters, clean.shape[-2]).to(clean)
    return (alpha * streaked + (1 - alpha) * parameters.atmospheric_light).clamp(0, 1)


def transmission(parameters: RainParameters, height: int) -> Tensor:
    """Share of light that passes the veil in each row: H×1, float64.

    The logarithm of α, the optical depth, grows linearly from the bottom to the top; its mean is
    that of the even veil.
    """
    upwards = torch.linspace(1, -1, height, dtype=torch.float64).view(-1, 1)
    return parameters.transmission ** (1 + parameters.veil_rise * upwards)


def surrounding_light(clean: Tensor) -> Tensor:
    """Light of a scene (3×H×W in [0,1]) around each pixel, as a share of the most: H×W in [0,1]."""
    luma = torch.einsum("chw,c->hw", clean, clean.new_tensor(LUMA))[None, None]
    places = F.adaptive_avg_pool2d(luma, PLACES)
    places = places / places.amax().clamp(min=1e-6)
    return F.interpolate(places, clean.shape[-2:], mode="bilinear", align_corners=False)[0, 0]


def rain_layer(parameters: RainParameters, height: int, width: int, seed: int) -> Tensor:
    """Render all streaks without a photograph: H×W, float64, in [0,1].

    The convolution wraps round, so streaks are as frequent and bright at the border as elsewhere.
    """
    layers = parameters.layers
    size = _canvas(layers, height, width)
    spectrum = torch.fft.rfft2(_drops(layers, size, seed)) * streak_spectrum(layers, size)
    streaks = torch.fft.irfft2(spectrum, s=size)[:, :height, :width]
    streaks = (streaks * _column(layers, "hardness")).clamp(0, 1) * _column(layers, "brightness")
    if parameters.disc_density:
        streaks = torch.cat([streaks, _discs(parameters, height, width, seed)[None]])
    if parameters.compositing == "screen":
        return 1 - (1 - streaks).prod(0)
    return streaks.sum(0).clamp(max=1)


def streak_spectrum(layers: tuple[RainLayer, ...], size: tuple[int, int]) -> Tensor:
    """Fourier transform of one streak of each layer, in closed form.

    A streak is a box of length ℓ along the direction θ, convolved with a Gaussian: of standard
    deviation σ (from the width and the blur) in all directions, and of ℓ·TAPER along θ, which
    softens the two ends. Its brightest value is 1 where there is no blur; blur dims it.

    Args:
        layers: the streaks, one of each is made.
        size: height and width of the canvas in pixels.

    Returns:
        L×height×(width//2 + 1), real because a streak is symmetric about its middle, which lies
        at pixel (0, 0); multiply with ``rfft2`` of the drops.
    """
    fy = torch.fft.fftfreq(size[0], dtype=torch.float64).view(-1, 1)
    fx = torch.fft.rfftfreq(size[1], dtype=torch.float64)
    theta, length = torch.deg2rad(_column(layers, "angle_degrees")), _column(layers, "length_px")
    along = fx * theta.cos() - fy * theta.sin()  # rows count downwards, angles upwards
    across = fx * theta.sin() + fy * theta.cos()
    sigma = _column(layers, "width_px") / math.sqrt(8 * math.log(2))
    spread = sigma**2 + _column(layers, "blur_px") ** 2
    exponent = spread * across**2 + (spread + (TAPER * length) ** 2) * along**2
    area = length * sigma * math.sqrt(2 * math.pi)
    return area * torch.sinc(length * along) * torch.exp(-2 * math.pi**2 * exponent)


def disc_spectrum(diameter: float, size: tuple[int, int]) -> Tensor:
    """Fourier transform of a disc in closed form, 2·J₁(x)/x times its area, with a soft rim.

    Args:
        diameter: pixels.
        size: height and width of the canvas in pixels.

    Returns:
        Height×(width//2 + 1), real because the disc lies around pixel (0, 0), where it is 1.
    """
    fy = torch.fft.fftfreq(size[0], dtype=torch.float64).view(-1, 1)
    frequency = torch.hypot(fy, torch.fft.rfftfreq(size[1], dtype=torch.float64))
    x = (math.pi * diameter * frequency).clamp(min=1e-9)
    airy = 2 * torch.special.bessel_j1(x) / x
    return math.pi / 4 * diameter**2 * airy * torch.exp(-2 * (math.pi * RIM * frequency) ** 2)


def _discs(parameters: RainParameters, height: int, width: int, seed: int) -> Tensor:
    """Render the drops out of focus: H×W, in [0, disc_brightness]."""
    reach = math.ceil(parameters.disc_px + 8 * RIM)
    size = next_fast_len(height + reach, real=True), next_fast_len(width + reach, real=True)
    noise = torch.rand(size, generator=torch.Generator().manual_seed(seed ^ DISCS)).double()
    drops = (1 - noise / parameters.disc_density).clamp(min=0)
    spectrum = torch.fft.rfft2(drops) * disc_spectrum(parameters.disc_px, size)
    discs = torch.fft.irfft2(spectrum, s=size)[:height, :width]
    return discs.clamp(0, 1) * parameters.disc_brightness


def _drops(layers: tuple[RainLayer, ...], size: tuple[int, int], seed: int) -> Tensor:
    """Draw where drops start and how bright they are: L×height×width in [0,1], mostly 0."""
    noise = torch.rand(len(layers), *size, generator=torch.Generator().manual_seed(seed))
    # Below the density noise is uniform: it also serves as brightness. The square makes few drops
    # bright and most of them dim, as in Rain100L.
    return (1 - noise.double() / _column(layers, "density")).clamp(min=0).square()


def _canvas(layers: tuple[RainLayer, ...], height: int, width: int) -> tuple[int, int]:
    """Return a size at which no streak reaches both borders of the image by wrapping round."""
    tall, wide = (math.ceil(max(reach)) for reach in zip(*map(_reach, layers), strict=True))
    return next_fast_len(height + tall, real=True), next_fast_len(width + wide, real=True)


def _reach(layer: RainLayer) -> tuple[float, float]:
    """Height and width in pixels of the box that one streak fills, soft ends included."""
    theta, length = math.radians(layer.angle_degrees), (1 + 4 * TAPER) * layer.length_px
    thickness = 4 * (layer.width_px + layer.blur_px)
    return length * abs(math.sin(theta)) + thickness, length * abs(math.cos(theta)) + thickness


def _column(layers: tuple[RainLayer, ...], attribute: str) -> Tensor:
    """Collect one attribute of all layers: L×1×1, float64."""
    values = [getattr(layer, attribute) for layer in layers]
    return torch.tensor(values, dtype=torch.float64).view(-1, 1, 1)
