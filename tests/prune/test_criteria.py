"""LAMP, ERK and L1 score as their publications define them."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssid.errors import UserError
from ssid.prune.criteria import CRITERIA, Units, erk_density

WEIGHTS = st.lists(st.floats(-10, 10).filter(lambda w: abs(w) > 1e-3), min_size=1, max_size=40)


def units(weights, erk=1.0):
    w = torch.as_tensor(weights, dtype=torch.float64)
    return Units(w.abs(), w.square(), erk)


def score(name, given, seed=0):
    return CRITERIA[name](given, torch.Generator().manual_seed(seed))


def test_lamp_of_three_weights_by_hand():
    scores = score("lamp", units([3.0, -1.0, 2.0]))
    assert torch.allclose(scores, torch.tensor([1.0, 1 / 14, 4 / 13], dtype=torch.float64))


@settings(max_examples=50)
@given(WEIGHTS)
def test_lamp_is_at_most_one_monotone_and_free_of_scale(weights):
    scores = score("lamp", units(weights))
    assert scores.max() == 1
    order = torch.tensor(weights, dtype=torch.float64).abs().argsort(stable=True)
    assert (scores[order].diff() >= -1e-12).all()
    scaled = score("lamp", units([10 * w for w in weights]))
    assert torch.allclose(scores, scaled, rtol=1e-9)


@settings(max_examples=50)
@given(WEIGHTS, WEIGHTS, st.floats(0.05, 5.0))
def test_a_threshold_on_erk_keeps_its_densities_and_none_above_one(first, second, epsilon):
    for weights, density in ((first, 0.7), (second, 0.2)):
        kept = (score("erk", units(weights, density)) >= 1 / epsilon).sum().item()
        exact = min(1, epsilon * density) * len(weights)
        assert kept == pytest.approx(exact, abs=1)
        assert kept <= len(weights)


def test_erk_takes_the_smallest_and_prefers_small_kernels():
    scores = score("erk", units([3.0, -1.0, 2.0]))
    assert scores[0] > scores[2] > scores[1]
    assert erk_density(32, 16, (3, 3)) == (32 + 16 + 3 + 3) / (32 * 16 * 9)
    assert erk_density(64, 64, (1, 1)) > erk_density(64, 64, (3, 3))


def test_l1_is_the_mean_of_a_filter_so_that_sizes_compare():
    assert torch.equal(score("l1", units([3.0, -1.0])), torch.tensor([3.0, 1.0]).double())


def test_random_is_seeded():
    many = units(torch.ones(50))
    assert torch.equal(score("random", many, 1), score("random", many, 1))
    assert not torch.equal(score("random", many, 1), score("random", many, 2))


def test_an_unknown_criterion_is_told():
    with pytest.raises(UserError, match=r"Did you mean 'lamp'\?"):
        CRITERIA["lampp"]
