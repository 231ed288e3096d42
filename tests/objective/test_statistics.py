import numpy as np
import pytest
import torch

from ssid.errors import UserError
from ssid.objective.rain_prior import rain_prior_loss
from ssid.objective.statistics import STATISTICS, aggregate, statistics_loss

NUMPY = {"sum_sq": np.sum, "mean_sq": np.mean, "max_sq": np.max, "min_sq": np.min}


@pytest.mark.parametrize("how", STATISTICS)
def test_maps_match_numpy(how):
    features = torch.randn(2, 5, 4, 3)
    expected = NUMPY[how](features.numpy(), axis=1, keepdims=True) ** 2
    np.testing.assert_allclose(aggregate(features, how), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("how", STATISTICS)
def test_order_of_channels_does_not_matter(how):
    student, teacher = torch.randn(2, 6, 4, 4), torch.randn(2, 3, 4, 4)
    shuffled = statistics_loss(student[:, torch.randperm(6)], teacher, how)
    torch.testing.assert_close(shuffled, statistics_loss(student, teacher, how))


def test_mean_does_not_grow_with_the_width_but_sum_does():
    narrow, wide = torch.ones(1, 4, 2, 2), torch.ones(1, 16, 2, 2)
    assert statistics_loss(narrow, wide, "mean_sq") == 0
    assert statistics_loss(narrow, wide, "sum_sq") == 16**2 - 4**2


def test_unlike_the_rain_prior_it_sees_the_background():
    rain, background = torch.randn(1, 4, 6, 6), torch.randn(1, 4, 6, 6)
    student, teacher = rain + background, rain
    assert statistics_loss(student, teacher) > 0
    assert rain_prior_loss(student - background, teacher) < 1e-4


def test_unknown_statistic_names_the_nearest():
    with pytest.raises(UserError, match="Did you mean 'sum_sq'"):
        aggregate(torch.rand(1, 2, 2, 2), "sum_sqr")
