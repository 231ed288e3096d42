"""Model the rain of real photographs as a mixture of Gaussians (SIRR, Wei et al., CVPR 2019).

What a derainer takes out of a real image, r = R − net(R), is a sample of a zero-mean mixture with
K components, by pixel and channel. Each training step fits the mixture to the current residuals
(:func:`fit_mixture`), then takes its likelihood (:func:`mixture_loss`) and its distance to
synthetic rain (:func:`mixture_divergence`) as terms of the loss. Published weights: 0.5 and 1e-9.

Corrected against the published code: the mixture is never fitted to the rainy image itself, and
standard deviations are standard deviations where a variance was passed.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ssid.objective.registry import Setup, term
from ssid.objective.scene import Scene

VARIANCE_FLOOR = 1e-6


class Mixture(NamedTuple):
    """A zero-mean mixture of K Gaussians: its shares π and its variances σ², both of length K."""

    shares: Tensor
    variances: Tensor


def initial_mixture(residual: Tensor, components: int = 3) -> Mixture:
    """Return equal shares, and variances spread by powers of 4 around that of the residual.

    Args:
        residual: any shape.
        components: K.
    """
    exponents = torch.arange(components, device=residual.device) - (components - 1) / 2
    energy = residual.detach().float().square().mean()
    variances = energy * 4.0**exponents + VARIANCE_FLOOR
    return Mixture(torch.full_like(variances, 1 / components), variances)


@torch.no_grad()
def responsibilities(residual: Tensor, mixture: Mixture) -> Tensor:
    """Return ρ_nk = π_k N(r_n; 0, σ_k²) / Σ_j π_j N(r_n; 0, σ_j²), the E-step, without gradient.

    Args:
        residual: any shape with n values.
        mixture: mixture of K components.

    Returns:
        n×K, rows that sum to 1.
    """
    return _log_joint(residual, mixture).softmax(1)


def maximise(residual: Tensor, weights: Tensor) -> Mixture:
    """Return π_k = mean ρ_k and σ_k² = Σ ρ_k r² / Σ ρ_k + 1e-6, the M-step.

    The variances carry the gradient of the residual.

    Args:
        residual: any shape with n values.
        weights: the responsibilities ρ, n×K.
    """
    squares = residual.float().flatten().square()
    mass = weights.sum(0)
    # A component that explains nothing keeps the floor as its variance instead of 0 / 0.
    variances = squares @ weights / mass.clamp_min(1e-12) + VARIANCE_FLOOR
    return Mixture(mass / len(weights), variances)


def log_likelihood(residual: Tensor, mixture: Mixture) -> Tensor:
    """Return the mean over values of log Σ_k π_k N(r_n; 0, σ_k²)."""
    return _log_joint(residual, mixture).logsumexp(1).mean()


def fit_mixture(
    residual: Tensor, mixture: Mixture, iterations: int = 10, max_values: int = 16384
) -> Mixture:
    """Return the mixture after some rounds of expectation maximisation, without gradient.

    Args:
        residual: any shape.
        mixture: mixture to start from: :func:`initial_mixture` or the fit of an earlier step.
        iterations: rounds of E-step and M-step; the paper does one per training step and keeps
            the mixture between steps.
        max_values: a larger residual is thinned evenly to at most so many values.
    """
    step = math.ceil(residual.numel() / max_values)
    residual = residual.detach().flatten()[::step]
    for _ in range(iterations):
        mixture = maximise(residual, responsibilities(residual, mixture))
    return mixture


def mixture_loss(residual: Tensor, mixture: Mixture) -> Tensor:
    """Return mean_n Σ_k ρ_nk r_n² / (2σ_k²), with ρ and σ constants.

    Args:
        residual: R − net(R) of real images, any shape.
        mixture: fitted to this residual.
    """
    weights = responsibilities(residual, mixture) / (2 * mixture.variances.detach())
    return residual.float().flatten().square() @ weights.sum(1) / residual.numel()


def mixture_divergence(residual: Tensor, synthetic_rain: Tensor, mixture: Mixture) -> Tensor:
    """Return min_k KL(N(m, s²) ‖ N(0, σ_k²)), (m, s²) the moments of synthetic rain.

    KL = ln(σ_k / s) + (s² + m²) / (2σ_k²) − ½. The network is reached through
    σ_k² = Σ ρ_k r² / Σ ρ_k with constant ρ (our reading: constants would leave no gradient).

    Args:
        residual: R − net(R) of real images, any shape.
        synthetic_rain: O − B of synthetic pairs, any shape, detached here.
        mixture: fitted to this residual.
    """
    variances = maximise(residual, responsibilities(residual, mixture)).variances
    rain = synthetic_rain.detach().float()
    s2 = rain.var(correction=0) + VARIANCE_FLOOR
    divergences = 0.5 * ((variances / s2).log() + (s2 + rain.mean().square()) / variances - 1)
    return divergences.min()


def _log_joint(residual: Tensor, mixture: Mixture) -> Tensor:
    """Return log π_k N(r_n; 0, σ_k²), n×K."""
    shares, variances = mixture
    squares = residual.float().flatten()[:, None].square()
    # A component without any share left has log π = −∞, which softmax turns into ρ = 0.
    return shares.log() - 0.5 * ((2 * math.pi * variances).log() + squares / variances)


class RainMixture(nn.Module):
    """The Gaussian mixture of real rain that SIRR keeps from step to step, with K components."""

    shares: Tensor
    variances: Tensor

    def __init__(self, components: int) -> None:
        super().__init__()
        self.components = components
        self.register_buffer("shares", torch.zeros(components))
        self.register_buffer("variances", torch.zeros(components))

    def fit(self, residual: Tensor) -> Mixture:
        """Update the mixture by one round of expectation maximisation and return it."""
        known = Mixture(self.shares, self.variances)
        start = known if bool(self.shares.any()) else initial_mixture(residual, self.components)
        fitted = fit_mixture(residual, start, 1)
        self.shares.copy_(fitted.shares)
        self.variances.copy_(fitted.variances)
        return fitted


def rain_mixture(setup: Setup, *, components: int = 3) -> RainMixture:
    """Return the mixture that ``sirr`` keeps."""
    return RainMixture(components)


@term(
    "sirr",
    kind="alignment",
    student=("real",),
    images=("real", "rainy", "clean"),
    part=rain_mixture,
    saved=True,
)
def sirr(scene: Scene, part: RainMixture, *, divergence: float = 1.0) -> Tensor:
    """Explain the removed layer of real photographs as a mixture close to synthetic rain.

    SIRR (CVPR 2019): likelihood of the residual plus ``divergence`` times its KL to synthetic rain.
    """
    residual = scene.batch.real - scene.student("real")[-1].image.float()
    mixture = part.fit(residual.detach())
    rain = scene.batch.rainy - scene.batch.clean
    likelihood = mixture_loss(residual, mixture)
    return likelihood + divergence * mixture_divergence(residual, rain, mixture)
