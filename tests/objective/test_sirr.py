import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.stats import norm

from ssid.objective.sirr import (
    VARIANCE_FLOOR,
    Mixture,
    fit_mixture,
    initial_mixture,
    log_likelihood,
    maximise,
    mixture_divergence,
    mixture_loss,
    responsibilities,
)

SIGMAS = torch.tensor([0.01, 0.05, 0.2])
MIXTURE = Mixture(torch.tensor([0.5, 0.3, 0.2]), SIGMAS.square())


def draw(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    component = MIXTURE.shares.multinomial(count, replacement=True, generator=generator)
    return torch.randn(count, generator=generator) * SIGMAS[component]


def test_responsibilities_follow_bayes_and_sum_to_one():
    residual = draw(60).reshape(1, 3, 4, 5)
    rho = responsibilities(residual, MIXTURE)
    torch.testing.assert_close(rho.sum(1), torch.ones(60))
    density = MIXTURE.shares.numpy() * norm.pdf(residual.flatten()[:, None], 0, SIGMAS)
    np.testing.assert_allclose(rho, density / density.sum(1, keepdims=True), rtol=1e-4, atol=1e-6)
    expected = np.log(density.sum(1)).mean()
    assert log_likelihood(residual, MIXTURE).item() == pytest.approx(expected, rel=1e-5)


def test_likelihood_never_falls_during_the_fit():
    residual = draw(4000)
    mixture = initial_mixture(residual)
    likelihoods = []
    for _ in range(30):
        likelihoods.append(log_likelihood(residual, mixture).item())
        mixture = fit_mixture(residual, mixture, iterations=1)
    # The floor is added after the M-step and costs at most rounding at these variances.
    assert all(b >= a - 1e-5 for a, b in pairwise(likelihoods))
    assert likelihoods[-1] > likelihoods[0] + 0.01


def test_known_mixture_is_recovered():
    residual = draw(16000)
    shares, variances = fit_mixture(residual, initial_mixture(residual), iterations=300)
    torch.testing.assert_close(variances.sqrt(), SIGMAS, rtol=0.1, atol=0)
    torch.testing.assert_close(shares, MIXTURE.shares, rtol=0.1, atol=0)


def test_fit_of_a_thinned_residual_is_close_and_carries_no_gradient():
    residual = draw(20000).requires_grad_()
    start = initial_mixture(residual)
    thinned = fit_mixture(residual, start, max_values=5000)
    assert not thinned.variances.requires_grad
    whole = fit_mixture(residual, start, max_values=20000)
    torch.testing.assert_close(thinned.variances, whole.variances, rtol=0.2, atol=0)


def test_loss_matches_its_formula():
    residual = draw(50)
    rho = responsibilities(residual, MIXTURE).double()
    expected = sum(
        float(rho[n, k]) * float(residual[n]) ** 2 / (2 * float(SIGMAS[k]) ** 2)
        for n in range(50)
        for k in range(3)
    )
    assert mixture_loss(residual, MIXTURE).item() == pytest.approx(expected / 50, rel=1e-4)


def test_loss_shrinks_residuals_through_r_alone():
    residual = draw(50).requires_grad_()
    mixture = maximise(residual, responsibilities(residual, MIXTURE))
    mixture_loss(residual, mixture).backward()
    rho = responsibilities(residual, mixture)
    expected = residual * (rho / mixture.variances).sum(1) / 50
    torch.testing.assert_close(residual.grad, expected.detach())


def test_residual_of_zero_keeps_everything_finite():
    residual = torch.zeros(1, 3, 4, 4, requires_grad=True)
    mixture = fit_mixture(residual, initial_mixture(residual))
    assert (mixture.variances >= VARIANCE_FLOOR).all()
    loss = mixture_loss(residual, mixture)
    loss = loss + mixture_divergence(residual, torch.rand(1, 3, 4, 4), mixture)
    loss.backward()
    assert loss.isfinite()
    assert residual.grad.isfinite().all()


def test_component_without_share_stays_out():
    mixture = Mixture(torch.tensor([1.0, 0.0]), torch.tensor([0.04, 0.01]))
    fitted = fit_mixture(draw(100), mixture)
    assert fitted.shares.tolist() == [1.0, 0.0]
    assert fitted.variances.isfinite().all()


def test_divergence_is_zero_for_equal_gaussians_and_matches_integration():
    residual = 0.2 * torch.randn(200)
    one = fit_mixture(residual, initial_mixture(residual, components=1))
    rain = torch.randn(200)
    rain = (rain - rain.mean()) / rain.std(correction=0)
    equal = rain * residual.square().mean().sqrt()
    assert mixture_divergence(residual, equal, one).item() == pytest.approx(0, abs=1e-5)

    m, s, sigma = 0.1, 0.05, math.sqrt(one.variances.item())
    grid = np.linspace(m - 8 * s, m + 8 * s, 20001)
    p = norm.pdf(grid, m, s)
    expected = np.trapezoid(p * (norm.logpdf(grid, m, s) - norm.logpdf(grid, 0, sigma)), grid)
    value = mixture_divergence(residual, rain * s + m, one).item()
    assert value == pytest.approx(expected, rel=1e-3)


def test_divergence_draws_the_residual_towards_the_strength_of_synthetic_rain():
    residual = (0.05 * torch.randn(300)).requires_grad_()
    rain = (0.2 * torch.randn(300)).requires_grad_()
    mixture = fit_mixture(residual, initial_mixture(residual, components=1))
    mixture_divergence(residual, rain, mixture).backward()
    # A residual weaker than rain has to grow: the gradient points against its sign.
    assert (residual.grad * residual.detach()).sum() < 0
    assert rain.grad is None
