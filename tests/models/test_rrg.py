"""RRG and MIRNet: published counts and cost, their blocks, and the recurrent form."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from ssid.models import create_model
from ssid.models.rrg import BlurPool, Down, DualAttention, MultiScaleBlock, SelectiveFusion, Up

TINY = {"channels": 8, "msrbs": 1}


def count(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(
    ("name", "options", "parameters"),
    [
        ("rrg", {}, 10_598_111),
        ("rrg", {"recurrences": 3}, 31_794_333),
        ("rrg", {"channels": 32}, 2_650_655),
        ("rrg", {"channels": 16, "msrbs": 1}, 333_392),
        ("rrg", {"channels": 16}, 663_615),
        ("rrg", {"channels": 8}, 166_767),
        ("rrg", {"channels": 8, "msrbs": 1}, 83_888),
        ("mirnet", {}, 31_787_419),
    ],
)
def test_published_number_of_parameters(name, options, parameters):
    with torch.device("meta"):
        assert count(create_model(name, **options)) == parameters


@pytest.mark.parametrize(
    ("options", "giga"),
    [
        ({"channels": 64}, 159.7),
        ({"channels": 32}, 39.9),
        ({"channels": 16, "msrbs": 1}, 5.08),
        ({"channels": 8}, 2.51),
    ],
)
def test_published_cost_of_the_residual_group(options, giga):
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        create_model("rrg", **options)(torch.empty(1, 3, 256, 256))
    n, blocks = options["channels"], options.get("msrbs", 2)
    ends = 2 * 27 * n * 256**2
    # Each block steps down three times per factor; either way down blurs n and 2n channels.
    blur = blocks * 3 * 2 * 9 * (n * 128**2 + 2 * n * 64**2)
    assert (counter.get_total_flops() / 2 - ends - blur) / 1e9 == pytest.approx(giga, rel=1.5e-3)


@pytest.mark.parametrize(
    ("channels", "parameters"), [(64, 82_994), (32, 20_786), (16, 5_234), (8, 1_346)]
)
def test_published_number_of_parameters_of_dual_attention(channels, parameters):
    assert count(DualAttention(channels)) == parameters


@pytest.mark.parametrize(("channels", "parameters"), [(64, 2_049), (16, 257), (8, 129)])
def test_published_number_of_parameters_of_selective_fusion(channels, parameters):
    assert count(SelectiveFusion(channels)) == parameters


def test_selective_fusion_of_equal_maps_is_the_map():
    x = torch.randn(2, 8, 6, 6)
    torch.testing.assert_close(SelectiveFusion(8)(x, x, x), x)


def test_blur_keeps_constants_and_removes_the_finest_stripes():
    stripes = torch.tensor([0.0, 1.0]).repeat(8).expand(1, 2, 16, 16)
    torch.testing.assert_close(BlurPool()(stripes), torch.full((1, 2, 8, 8), 0.5))
    constant = torch.full((1, 2, 16, 16), 0.3)
    torch.testing.assert_close(BlurPool()(constant), torch.full((1, 2, 8, 8), 0.3))


def test_down_and_up_change_size_and_channels_by_two():
    x = torch.rand(1, 8, 12, 20)
    assert Down(8)(x).shape == (1, 16, 6, 10)
    assert Up(8)(x).shape == (1, 4, 24, 40)


def test_one_attention_unit_and_fusion_serve_both_columns():
    block, calls = MultiScaleBlock(8), []
    for module in [*block.attention, *block.fusion, block.down01, block.down12]:
        module.register_forward_hook(lambda module, _inputs, _output: calls.append(id(module)))
    block(torch.rand(1, 8, 8, 8), torch.nn.PReLU())
    assert [calls.count(id(unit)) for unit in block.attention] == [2, 2, 2]
    assert [calls.count(id(fusion)) for fusion in block.fusion] == [2, 1, 1]
    assert calls.count(id(block.down01)) == calls.count(id(block.down12)) == 2


@pytest.mark.parametrize("recurrences", [1, 2])
def test_every_weight_learns_from_the_last_estimate(recurrences):
    torch.manual_seed(0)
    model = create_model("rrg", **TINY, recurrences=recurrences)
    model(torch.rand(2, 3, 16, 16)).square().mean().backward()
    assert all(p.grad is not None for p in model.parameters())
    # The few hidden units of a channel gate may all be off behind their ReLU, or all be on in
    # front of a PReLU, whose slope then rests.
    others = [p for name, p in model.named_parameters() if ".gate." not in name and p.ndim > 1]
    assert all(p.grad.abs().sum() > 0 for p in others)


def test_a_recurrence_is_a_network_on_the_estimate_before():
    torch.manual_seed(0)
    model, single = create_model("rrg", **TINY, recurrences=3), create_model("rrg", **TINY)
    image = torch.rand(1, 3, 16, 24)
    stages = model.unroll(image)
    assert len(stages) == 3
    for stage, extractor, decoder in zip(stages, model.extractors, model.decoders, strict=True):
        single.extractors[0].load_state_dict(extractor.state_dict())
        single.decoders[0].load_state_dict(decoder.state_dict())
        assert torch.equal(single.encode(image).map, stage.features.map)
        image = single(image)
        assert torch.equal(image, stage.image)


def test_without_decoder_the_image_passes_unchanged():
    model, rainy = create_model("rrg", **TINY, recurrences=2), torch.rand(1, 3, 17, 22)
    for decoder in model.decoders:
        torch.nn.init.zeros_(decoder.weight)
    assert torch.equal(model(rainy), rainy)


def test_activations_of_a_recurrence_are_one_parameter_of_that_recurrence():
    model = create_model("rrg", **TINY, recurrences=2)
    first, second = (extractor.activation.weight for extractor in model.extractors)
    assert first is not second
    assert not any(isinstance(m, torch.nn.PReLU) for m in DualAttention(8).modules())
