import pytest
import torch
from torch.autograd import gradcheck

from ssid.objective.contrastive import (
    SAPNET_WEIGHTS,
    PerceptualContrast,
    perceptual_contrastive_loss,
)


def test_value_is_a_weighted_sum_of_ratios():
    anchor = [torch.zeros(2, 3, 4, 4), torch.zeros(2, 5, 2, 2)]
    positive = [anchor[0] + 1, anchor[1] - 3]
    negative = [anchor[0] - 4, anchor[1] + 2]
    loss = perceptual_contrastive_loss(anchor, positive, negative, weights=(0.5, 2))
    assert loss.item() == pytest.approx(0.5 * 1 / 4 + 2 * 3 / 2)


def test_every_map_needs_a_weight():
    maps = [torch.zeros(1, 2, 2, 2)] * 3
    with pytest.raises(ValueError, match="zip"):
        perceptual_contrastive_loss(maps, maps, maps, SAPNET_WEIGHTS)


def test_gradient_of_the_features():
    anchor, good, bad = torch.rand(
        3, 1, 2, 3, 3, generator=torch.Generator().manual_seed(5)
    ).double()
    anchor.requires_grad_()
    assert gradcheck(lambda x: perceptual_contrastive_loss([x], [good], [bad], (1.0,)), anchor)


def test_only_the_anchor_learns():
    anchor, good, bad = (torch.rand(1, 2, 3, 3, requires_grad=True) for _ in range(3))
    perceptual_contrastive_loss([anchor], [good], [bad], (1.0,)).backward()
    assert anchor.grad.abs().sum() > 0
    assert good.grad is None
    assert bad.grad is None


def test_clean_is_zero_and_rainy_is_finite(trunk, clean, rainy):
    loss = PerceptualContrast(trunk)
    assert loss(clean, clean, rainy).item() == 0
    worst = loss(rainy, clean, rainy)
    assert worst > 0
    assert torch.isfinite(worst)


def test_it_falls_on_the_way_from_rainy_to_clean(trunk, clean, rainy):
    loss = PerceptualContrast(trunk)
    way = [loss(torch.lerp(rainy, clean, share), clean, rainy).item() for share in (0.2, 0.5, 0.8)]
    assert way[0] > way[1] > way[2]


def test_one_step_against_the_gradient_helps(trunk, clean, rainy):
    loss = PerceptualContrast(trunk)
    estimate = torch.lerp(rainy, clean, 0.5).requires_grad_()
    before = loss(estimate, clean, rainy)
    (slope,) = torch.autograd.grad(before, estimate)
    after = loss(estimate - 0.1 * slope / slope.norm(), clean, rainy)
    assert after < before
