"""A small network that reads off photographs how it rains in them.

Amortised inference: rain of random profiles (:mod:`ssid.data.rain.prior`) was rendered once over
photographs, and the network has learnt from those renderings, whose parameters are known, to tell
the profile from a handful of crops (a neural posterior with a Gaussian for each number; see
Cranmer, Brehmer and Louppe, The frontier of simulation-based inference, PNAS 2020). Its weights
lie beside this file; ``benchmarks/train_reader.py`` makes them.
"""

import math
from importlib.resources import files
from typing import NamedTuple

import torch
import torch.nn.functional as F
from safetensors.torch import load
from torch import Tensor, nn

from ssid.data.rain.prior import NAMES, Numbers

SIDE = 192
"""Height and width of a crop in pixels."""
EMBEDDING = 96
ANGLES, BANDS = 36, 9
LEVELS = (0.002, 0.02, 0.1, 0.5, 0.9, 0.98, 0.998)
FINE_LEVELS = (0.002, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.995, 0.999)
LUMA = (0.299, 0.587, 0.114)
SHADE_PX = 4.0  # standard deviation of the blur that parts streaks from shading
WIDTHS = (16, 32, 48, 80)
SEEN = 2 * WIDTHS[-1] + 2 * len(LEVELS) + len(FINE_LEVELS) + 1 + ANGLES * BANDS
"""Numbers that describe a crop."""
CHUNK = 16


class Reading(NamedTuple):
    """What was read: the middle and the standard error of each number of a profile."""

    middle: Numbers
    error: Numbers


class RainReader(nn.Module):
    """Crops to embeddings, and a set of embeddings to a profile."""

    centre: Tensor
    spread: Tensor
    scale: Tensor
    polar: Tensor
    window: Tensor
    blur: Tensor

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d = WIDTHS
        self.body = nn.Sequential(
            _unit(3, a, 5, 2),
            _unit(a, b, 3, 2),
            _unit(b, c, 3, 2),
            _Residual(c),
            _unit(c, d, 3, 2),
            _Residual(d),
        )
        self.register_buffer("centre", torch.zeros(SEEN))
        self.register_buffer("spread", torch.ones(SEEN))
        self.embedding = nn.Sequential(
            nn.Linear(SEEN, 256), nn.ReLU(), nn.Dropout(0.1), nn.Linear(256, EMBEDDING)
        )
        self.visible = nn.Linear(EMBEDDING, 1)
        self.profile = nn.Sequential(
            nn.LayerNorm(2 * EMBEDDING),
            nn.Linear(2 * EMBEDDING, 192),
            nn.GELU(),
            nn.Dropout(0.1),
            nn.Linear(192, 192),
            nn.GELU(),
            nn.Linear(192, 2 * len(NAMES)),
        )
        self.register_buffer("scale", torch.ones(2, len(NAMES)))  # mean, deviation in the prior
        window = torch.hann_window(SIDE, periodic=False)
        self.register_buffer("window", window[:, None] * window, persistent=False)
        self.register_buffer("polar", _polar_bins(), persistent=False)
        self.register_buffer("blur", _gaussian(SHADE_PX), persistent=False)

    def describe(self, crops: Tensor) -> Tensor:
        """Return N×SEEN of crops N×3×SIDE×SIDE, RGB in [0, 1].

        Moments of the feature maps, gray levels (a veil lifts the lowest), and what power each
        direction and scale has: streaks are bright across their direction, dark along it.
        """
        luma = (crops * crops.new_tensor(LUMA).view(3, 1, 1)).sum(1, keepdim=True)
        dark = crops.amin(1, keepdim=True)
        fine = luma - self._shading(luma)
        maps = self.body(torch.cat([luma - 0.4, dark - 0.3, 4 * fine], 1)).float()
        contrast = torch.log(fine.flatten(1).std(1, keepdim=True) + 1e-3)
        levels = [_quantiles(plane, LEVELS) for plane in (luma, dark)]
        fine_levels = _quantiles(fine, FINE_LEVELS)
        signed = torch.log(fine_levels.abs() + 1e-3) * fine_levels.sign()
        deviation = (maps.var((2, 3)) + 1e-4).sqrt()
        maps = maps.mean((2, 3))
        return torch.cat([maps, deviation, *levels, signed, contrast, self._power(fine)], 1)

    def embed(self, seen: Tensor) -> Tensor:
        """Return N×EMBEDDING of descriptions N×SEEN."""
        return self.embedding((seen - self.centre) / self.spread)

    def read(self, embeddings: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance of each number, S×len(NAMES), of sets S×K×EMBEDDING."""
        deviation = (embeddings.var(1, correction=0) + 1e-4).sqrt()
        mean, log_variance = self.profile(torch.cat([embeddings.mean(1), deviation], 1)).chunk(2, 1)
        return mean, log_variance.clamp(-8, 3)

    def _shading(self, plane: Tensor) -> Tensor:
        reach = len(self.blur) // 2
        rows = F.conv2d(
            F.pad(plane, (0, 0, reach, reach), mode="reflect"), self.blur.view(1, 1, -1, 1)
        )
        return F.conv2d(
            F.pad(rows, (reach, reach, 0, 0), mode="reflect"), self.blur.view(1, 1, 1, -1)
        )

    def _power(self, fine: Tensor) -> Tensor:
        """Return the log power of each direction and band of frequencies: N×(ANGLES·BANDS)."""
        spectrum = torch.fft.rfft2(fine[:, 0] * self.window).abs().square().flatten(1)
        return torch.log(spectrum @ self.polar + 1e-3)


def load_reader() -> RainReader:
    """Return the reader with the weights that come with the package."""
    reader = RainReader()
    stored = load((files("ssid.data.rain") / "reader.safetensors").read_bytes())
    reader.load_state_dict({name: value.float() for name, value in stored.items()})
    return reader.eval()


@torch.inference_mode()
def embed(reader: RainReader, crops: Tensor) -> Tensor:
    """Return N×EMBEDDING of crops N×3×SIDE×SIDE uint8, a few at a time."""
    return torch.cat(
        [reader.embed(reader.describe(chunk.float() / 255)) for chunk in crops.split(CHUNK)]
    )


@torch.inference_mode()
def visibility(reader: RainReader, embeddings: Tensor) -> Tensor:
    """Return N probabilities that the crops of these embeddings show rain."""
    return torch.sigmoid(reader.visible(embeddings)[:, 0])


@torch.inference_mode()
def read(reader: RainReader, embeddings: Tensor) -> Reading:
    """Return the profile that a set of crops, K×EMBEDDING, was most likely rained on with."""
    mean, log_variance = reader.read(embeddings[None])
    middle, deviation = reader.scale.double().unbind()
    error = torch.exp(log_variance[0].double() / 2) * deviation
    return Reading((mean[0].double() * deviation + middle).numpy(), error.numpy())


def _unit(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _unit(channels, channels, 3, 1)
        self.second = nn.Sequential(*list(_unit(channels, channels, 3, 1))[:2])

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.second(self.first(x)))


def _quantiles(plane: Tensor, shares: tuple[float, ...]) -> Tensor:
    """Return N×len(shares) of a plane N×1×H×W, from every seventh pixel."""
    wanted = torch.tensor(shares, dtype=plane.dtype)
    return torch.quantile(plane.flatten(1)[:, ::7], wanted, dim=1).T


def _gaussian(deviation: float) -> Tensor:
    x = torch.arange(-int(3 * deviation), int(3 * deviation) + 1)
    kernel = torch.exp(-(x**2) / (2 * deviation**2))
    return kernel / kernel.sum()


def _polar_bins() -> Tensor:
    """Return what averages a spectrum of SIDE×(SIDE//2+1) by direction and band of frequencies."""
    fy, fx = torch.fft.fftfreq(SIDE).view(-1, 1), torch.fft.rfftfreq(SIDE).view(1, -1)
    direction = torch.rad2deg(torch.atan2(fy, fx)) % 180
    angle = (direction / 180 * ANGLES + 0.5).long() % ANGLES  # bins lie around 0, 5, 10 degrees
    edges = torch.logspace(math.log10(0.012), math.log10(0.5), BANDS + 1)
    band = torch.bucketize((fx**2 + fy**2).sqrt(), edges) - 1
    inside = ((band >= 0) & (band < BANDS)).flatten()
    column = (angle * BANDS + band.clamp(0, BANDS - 1)).flatten()
    bins = torch.zeros(len(column), ANGLES * BANDS)
    bins[inside.nonzero()[:, 0], column[inside]] = 1
    return bins / bins.sum(0).clamp(min=1)
