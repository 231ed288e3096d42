"""SSID-KD: published counts and cost, its parts against plain transcriptions, dead weights."""

import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from ssid.models import create_model
from ssid.models.ssid_kd import DenseConnection, MultiScaleFusion, PyramidFusion

NARROW = {"widths": (4, 6, 8), "units": (2, 3, 2)}


def count(module):
    return sum(p.numel() for p in module.parameters())


def narrow(**options):
    torch.manual_seed(0)
    return create_model("ssid_kd", **NARROW, **options)


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        ({"drop_dead": False}, 4_433_779),
        ({}, 4_403_195),
        ({"drop_dead": False, "share_units": False}, 14_158_003),
        ({"share_units": False}, 14_158_003 - 30_584),
    ],
)
def test_published_number_of_parameters(options, parameters):
    with torch.device("meta"):
        assert count(create_model("ssid_kd", **options)) == parameters


def test_published_number_of_parameters_of_every_part():
    with torch.device("meta"):
        model = create_model("ssid_kd", drop_dead=False)
        parts = (model.heads, model.full_branch, model.half_branch, model.quarter_branch)
        assert [count(part) for part in parts] == [2_912, 2_105_384, 1_554_048, 768_624]
        assert count(model.tail) == 2_811


@pytest.mark.parametrize(
    ("channels", "units", "pyramid", "fusion", "dense"),
    [
        (24, 10, 89_184, 100_392, 227_256),
        (32, 4, 158_336, 178_400, 351_200),
        (48, 2, 355_776, 401_232, 768_624),
    ],
)
def test_published_number_of_parameters_of_every_module(channels, units, pyramid, fusion, dense):
    with torch.device("meta"):
        assert count(PyramidFusion(channels)) == pyramid
        assert count(MultiScaleFusion(channels)) == fusion
        assert count(DenseConnection(channels, units, share_units=True)) == dense


def test_published_cost_without_the_dead_fusions():
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        create_model("ssid_kd")(torch.empty(1, 3, 256, 256))
    full, half, quarter = (256 // scale for scale in (1, 2, 4))
    dead = 11 * 24**2 * full**2 + 2 * 5 * 32**2 * half**2 + 2 * 3 * 48**2 * quarter**2
    assert (counter.get_total_flops() / 2 + dead) / 1e9 == pytest.approx(257.3, abs=0.05)


@pytest.mark.parametrize(
    ("size", "code"),
    [((128, 128), (32, 32)), ((321, 481), (80, 120)), ((37, 53), (9, 13)), ((33, 35), (8, 8))],
)
def test_any_size_from_32_keeps_its_size_without_padding(size, code):
    with torch.device("meta"):
        model, rainy = create_model("ssid_kd"), torch.empty(1, 3, *size)
        features = model.encode(rainy)
        assert features.map.shape == (1, 104, *size)
        assert features.code.shape == (1, 48, *code)
        assert [level.shape[1] for level in features.levels] == [24, 32, 48]
        assert model.decode(features, rainy).shape == rainy.shape


def test_images_below_32_are_refused():
    with pytest.raises(ValueError, match="at least 32×32 pixels, got 31×31"):
        narrow()(torch.rand(1, 3, 31, 31))


def test_estimate_and_rain_layer_add_up_to_the_rainy_image():
    model, rainy = narrow(), torch.rand(2, 3, 37, 53)
    features = model.encode(rainy)
    rain = model.rain(features)
    assert rain.abs().max() > 0
    torch.testing.assert_close(model.decode(features, rainy) + rain, rainy, rtol=0, atol=1e-6)


def test_without_tail_the_image_passes_unchanged():
    model, rainy = narrow(), torch.rand(1, 3, 37, 53)
    for parameter in model.tail.parameters():
        torch.nn.init.zeros_(parameter)
    assert torch.equal(model(rainy), rainy)


def test_exactly_ten_published_tensors_never_learn():
    # Widths and units as published make the count; the graph is the same in every size.
    model = create_model("ssid_kd", drop_dead=False)
    features = model.encode(torch.rand(1, 3, 32, 32))
    (features.code.square().mean() + model.rain(features).square().mean()).backward()
    dead = [p for p in model.parameters() if p.grad is None]
    assert (len(dead), sum(p.numel() for p in dead)) == (10, 30_584)


@pytest.mark.parametrize("share_units", [True, False])
def test_everything_learns_once_the_dead_weights_are_dropped(share_units):
    model = narrow(share_units=share_units)
    model(torch.rand(1, 3, 40, 40)).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_dropping_dead_weights_changes_no_output():
    whole, dropped = narrow(drop_dead=False), narrow(drop_dead=True)
    result = dropped.load_state_dict(
        {k: v for k, v in whole.state_dict().items() if k in dropped.state_dict()}
    )
    assert not result.missing_keys
    rainy = torch.rand(1, 3, 37, 53)
    assert torch.equal(whole(rainy), dropped(rainy))
    assert torch.equal(whole.encode(rainy).code, dropped.encode(rainy).code)


def test_the_fusion_behind_the_code_reaches_nothing():
    model, rainy = narrow(drop_dead=False), torch.rand(1, 3, 40, 40)
    before, code = model(rainy), model.encode(rainy).code
    for parameter in model.full_branch.quarter.fusions[-1].parameters():
        torch.nn.init.normal_(parameter)
    assert torch.equal(model.encode(rainy).code, code)
    assert torch.equal(model(rainy), before)


def test_code_is_the_last_unit_output_of_the_quarter_stage():
    model, rainy = narrow(), torch.rand(1, 3, 40, 40)
    outputs = []
    unit = model.full_branch.quarter.units[0]
    unit.register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
    code = model.encode(rainy).code
    assert len(outputs) == 2
    assert torch.equal(code, outputs[-1])


def test_shared_unit_is_stored_once():
    model = narrow()
    assert sum(tensor.numel() for tensor in model.state_dict().values()) == count(model)


def test_sharing_equals_copies_with_equal_weights():
    shared = DenseConnection(4, 3, share_units=True)
    copies = DenseConnection(4, 3, share_units=False)
    copies.fusions.load_state_dict(shared.fusions.state_dict())
    for unit in copies.units:
        unit.load_state_dict(shared.units[0].state_dict())
    x = torch.rand(1, 4, 16, 16)
    guide = [torch.rand(1, 4, 16, 16) for _ in range(3)]
    for a, b in zip(shared(x, guide), copies(x, guide), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(shared(x)[0], shared(x, guide)[0])


def test_pyramid_fusion_against_a_plain_transcription():
    torch.manual_seed(0)
    module, x = PyramidFusion(3), torch.randn(2, 3, 21, 13)
    s8 = module.levels[3](F.max_pool2d(x, 8))
    p4, p2 = F.max_pool2d(x, 4), F.max_pool2d(x, 2)
    s4 = module.levels[2](module.merge[2](torch.cat([p4, F.interpolate(s8, p4.shape[2:])], 1)))
    s2 = module.levels[1](module.merge[1](torch.cat([p2, F.interpolate(s4, p2.shape[2:])], 1)))
    s1 = module.levels[0](module.merge[0](torch.cat([x, F.interpolate(s2, x.shape[2:])], 1)))
    up = [F.interpolate(each, x.shape[2:]) for each in (s2, s4, s8)]
    assert torch.equal(module(x), module.join(torch.cat([s1, *up], 1)) + x)


def test_multi_scale_fusion_has_no_activation_after_its_last_convolution():
    module, x = MultiScaleFusion(3), torch.randn(1, 3, 9, 9)
    torch.nn.init.zeros_(module.join.weight)
    torch.nn.init.constant_(module.join.bias, -1.0)
    assert torch.equal(module(x), x - 1)
