"""HINet: published counts and cost, half instance normalisation, and its two stages."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from ssid.models import create_model
from ssid.models.hinet import HalfInstanceNorm


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        ({}, 88_669_702),
        ({"width": 32}, 22_176_518),
        ({"width": 16}, 5_548_678),
        ({"norm_levels": (3, 4)}, 88_668_806),
    ],
)
def test_published_number_of_parameters(options, parameters):
    with torch.device("meta"):
        model = create_model("hinet", **options)
    assert sum(p.numel() for p in model.parameters()) == parameters


def test_published_cost():
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        create_model("hinet")(torch.empty(1, 3, 256, 256))
    assert counter.get_total_flops() / 2e9 == pytest.approx(157.6, abs=0.05)


def test_half_of_the_channels_is_normalised_per_image():
    x = torch.randn(2, 6, 32, 32) * 3 + 5
    out = HalfInstanceNorm(6)(x)
    variance, mean = torch.var_mean(out[:, :3], dim=(2, 3), correction=0)
    torch.testing.assert_close(mean, torch.zeros(2, 3), rtol=0, atol=1e-5)
    torch.testing.assert_close(variance, torch.ones(2, 3), rtol=0, atol=1e-4)
    assert torch.equal(out[:, 3:], x[:, 3:])


def test_only_the_named_encoder_levels_normalise():
    model = create_model("hinet", width=4, norm_levels=[1, 4])
    for stage in (model.first_stage, model.second_stage):
        found = [
            any(isinstance(module, HalfInstanceNorm) for module in block.modules())
            for block in stage.encoder
        ]
        assert found == [False, True, False, False, True]
        assert not any(isinstance(m, HalfInstanceNorm) for m in stage.decoder.modules())


def test_features_of_both_stages():
    model, rainy = create_model("hinet", width=4), torch.rand(1, 3, 33, 50)
    first, second = model.unroll(rainy)
    for stage in (first, second):
        assert stage.features.map.shape == (1, 4, 48, 64)
        assert stage.features.code.shape == (1, 64, 3, 4)
        assert [level.shape[1:] for level in stage.features.levels] == [
            (4, 48, 64),
            (8, 24, 32),
            (16, 12, 16),
            (32, 6, 8),
        ]
    assert not torch.equal(first.image, second.image)


def test_both_estimates_start_from_the_image():
    model, rainy = create_model("hinet", width=4), torch.rand(1, 3, 33, 50)
    for convolution in (model.attention.to_image, model.last):
        for parameter in convolution.parameters():
            torch.nn.init.zeros_(parameter)
    assert all(torch.equal(stage.image, rainy) for stage in model.unroll(rainy))


def test_every_weight_learns_from_the_last_estimate():
    torch.manual_seed(0)
    model = create_model("hinet", width=4)
    model(torch.rand(1, 3, 64, 64)).square().mean().backward()
    # A bias in front of a normalisation cancels: its gradient is zero up to rounding.
    assert all(p.grad is not None for p in model.parameters())
    assert all(p.grad.abs().sum() > 0 for p in model.parameters() if p.ndim > 1)
