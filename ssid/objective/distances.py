"""Distances between the feature distributions of real and synthetic rain.

The two batches show unrelated images, so nothing is compared position by position: each position
of each image is one sample of a C-dimensional distribution, in any order and number. All
distances are called alike, ``distance(student, target, **options) -> scalar``:

* ``student`` N×C×H×W: the student's features of real rain, which receive the gradient;
* ``target`` M×C×h×w: features of synthetic rain, detached. They are either the *teacher's*, where
  its map has the student's width, or the *student's own* on synthetic rain, where supervision
  has taught it what rain looks like. The second fits every pair of networks.

Both work on rain residuals (:func:`ssid.objective.rain_prior.rain_residual`) and on codes. Teacher
and student of different widths meet in one channel: the ``mean_sq`` map of
:func:`ssid.objective.statistics.aggregate`, for every distance except ``code_kl``.

A distance's keyword options can be set in params/, beside the name of the distance.

``moments``, ``mmd`` and ``sliced_wasserstein`` measure in units of the target's standard
deviation: the tiny features of a rain residual count as much as large codes, and a weight found
for one network serves another.
"""

import math
from collections.abc import Callable
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor

from ssid.config.base import Count, CountOrZero, Positive, registered
from ssid.registry import Registry

DISTANCES: Registry[Callable[..., Tensor]] = Registry("alignment distance")
DistanceName = Annotated[str, registered(DISTANCES)]


@DISTANCES.register("code_kl")
def code_kl(student: Tensor, target: Tensor, *, temperature: Positive = 1.0) -> Tensor:
    """Return KL(p_target ‖ p_student), p = mean over positions of softmax_c(code / τ).

    Source: SSID-KD (TCSVT 2022) corrected. The published form, which compares unrelated images
    position by position, is :func:`code_kl_as_published`.

    Args:
        student: N×C×H×W.
        target: M×C×h×w, detached here.
        temperature: τ; take it near the spread of the codes, or p is uniform whatever they hold.

    Raises:
        ValueError: if channel counts differ or are 1, where the softmax is constant.
    """
    samples, target_samples = _samples(student, target)
    if samples.shape[1] == 1:
        raise ValueError("code_kl compares shares of channels and needs at least 2, got 1")
    log_p, log_q = (_log_shares(x / temperature) for x in (samples, target_samples))
    return (log_q.exp() * (log_q - log_p)).sum()


@DISTANCES.register("code_kl_as_published")
def code_kl_as_published(student: Tensor, target: Tensor) -> Tensor:
    """Return KL(softmax_c(student) ‖ softmax_c(target)) by position, averaged over elements.

    Source: the code of SSID-KD (TCSVT 2022), defects included, to reproduce it: images that have
    nothing to do with each other are compared position by position, the sum over channels is
    divided by C, too, and *both* sides receive gradient. Its weight there, 1e-6, made it about
    1e-11 of the loss.

    Args:
        student: the codes of real rain, N×C×H×W.
        target: the codes of synthetic rain, same shape, **not** detached.

    Raises:
        ValueError: if the shapes differ.
    """
    if student.shape != target.shape:
        raise ValueError(
            f"code_kl_as_published compares equal shapes, got {tuple(student.shape)} and "
            f"{tuple(target.shape)}; code_kl takes any"
        )
    log_p, log_q = F.log_softmax(student.float(), 1), F.log_softmax(target.float(), 1)
    return (log_p.exp() * (log_p - log_q)).mean()


@DISTANCES.register("moments")
def moments(student: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared differences of channel means and of channel covariances, added.

    Source: the covariance part is Deep CORAL (Sun and Saenko, ECCVW 2016), Eq. 1, as a mean.

    Args:
        student: N×C×H×W.
        target: M×C×h×w, detached here.

    Raises:
        ValueError: if channel counts differ.
    """
    samples, target_samples = _in_target_units(*_samples(student, target))
    means = (samples.mean(0) - target_samples.mean(0)).square().mean()
    covariances = (_covariance(samples) - _covariance(target_samples)).square().mean()
    return means + covariances


@DISTANCES.register("mmd")
def mmd(
    student: Tensor, target: Tensor, *, max_positions: Count = 256, seed: CountOrZero = 0
) -> Tensor:
    """Return the squared maximum mean discrepancy with a Gaussian kernel of median bandwidth.

    Source: Gretton et al., JMLR 2012, Eq. 5 (the biased estimate: never negative, 0 for equal
    samples), k(x,y) = exp(−‖x−y‖² / 2σ²). σ is the median distance from one side to the other,
    not within the joint sample: fewer pairs to sort, and a gradient however far apart they are.

    Args:
        student: N×C×H×W.
        target: M×C×h×w, detached here.
        max_positions: positions drawn from each side where it has more; cost grows as the square.
        seed: seed of the draw. One seed draws the same positions from maps of one size.

    Raises:
        ValueError: if channel counts differ.
    """
    samples, target_samples = _in_target_units(*_samples(student, target))
    x, y = (_draw(side, max_positions, seed) for side in (samples, target_samples))
    joint = torch.cat([x, y])
    lengths = joint.square().sum(1)
    squared = (lengths[:, None] + lengths - 2 * joint @ joint.T).clamp_min(0)
    bandwidth = squared[: len(x), len(x) :].detach().median().clamp_min(1e-12)
    kernel = torch.exp(squared / (-2 * bandwidth))
    signs = torch.cat([x.new_full((len(x),), 1 / len(x)), y.new_full((len(y),), -1 / len(y))])
    return signs @ kernel @ signs


@DISTANCES.register("sliced_wasserstein")
def sliced_wasserstein(
    student: Tensor,
    target: Tensor,
    *,
    projections: Count = 32,
    max_positions: Count = 1024,
    seed: CountOrZero = 0,
) -> Tensor:
    """Return the 1-Wasserstein distance along random directions, averaged over them.

    Source: Rabin et al., SSVM 2011; Bonneel et al., JMIV 2015, section 2, with exponent 1. Along
    each direction the distance ∫|Q_s(u) − Q_t(u)|du of the quantile functions is exact, also for
    different numbers of positions.

    Args:
        student: N×C×H×W.
        target: M×C×h×w, detached here.
        projections: number of directions.
        max_positions: positions drawn from each side where it has more.
        seed: seed of the directions and of the draw.

    Raises:
        ValueError: if channel counts differ.
    """
    samples, target_samples = _in_target_units(*_samples(student, target))
    x, y = (_draw(side, max_positions, seed) for side in (samples, target_samples))
    # Drawn on the CPU, so that every device sees the same directions.
    directions = torch.randn(x.shape[1], projections, generator=_generator(seed)).to(x)
    directions = F.normalize(directions, dim=0)
    quantiles, target_quantiles = ((side @ directions).T.sort().values for side in (x, y))
    if len(x) == len(y):
        return (quantiles - target_quantiles).abs().mean()
    i, j, width = _shared_quantiles(len(x), len(y), x.device)
    return ((quantiles[:, i] - target_quantiles[:, j]).abs() @ width.to(x)).mean()


def _samples(student: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return (N·H·W)×C float32 for both sides, the target's detached."""
    if student.shape[1] != target.shape[1]:
        raise ValueError(
            f"distributions of {student.shape[1]} and {target.shape[1]} channels cannot be "
            "compared; take the student's own features of synthetic rain as the target, or "
            "aggregate both sides to one channel"
        )
    return _positions(student), _positions(target.detach())


def _positions(features: Tensor) -> Tensor:
    return features.float().movedim(1, 3).flatten(0, 2)


def _in_target_units(samples: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Shift and scale both sides so that the target has mean 0 and average variance 1."""
    mean = target.mean(0)
    # One scale for all channels: a scale each would blow up the noise of dead channels.
    scale = target.var(0, correction=0).mean().sqrt().clamp_min(1e-6)
    return (samples - mean) / scale, (target - mean) / scale


def _covariance(samples: Tensor) -> Tensor:
    centred = samples - samples.mean(0)
    return centred.T @ centred / len(samples)


def _log_shares(samples: Tensor) -> Tensor:
    """Return log of the mean softmax over samples P×C, C values, without underflow."""
    return F.log_softmax(samples, 1).logsumexp(0) - math.log(len(samples))


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _draw(samples: Tensor, count: int, seed: int) -> Tensor:
    if len(samples) <= count:
        return samples
    order = torch.randperm(len(samples), generator=_generator(seed))
    return samples[order[:count].to(samples.device)]


def _shared_quantiles(n: int, m: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Cut [0, 1] wherever one of two step functions of n and m equal steps may jump.

    Returns:
        For each of the n+m−1 pieces the step of the first, the step of the second, and its width.
    """
    first = torch.arange(n + 1, dtype=torch.float64) / n
    second = torch.arange(1, m, dtype=torch.float64) / m
    cuts = torch.cat([first, second]).sort().values
    width = cuts.diff()
    middle = cuts[:-1] + width / 2
    return (middle * n).long().to(device), (middle * m).long().to(device), width.to(device)
