"""MPRNet: published counts and cost, and what each stage may see of the image."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from ssid.models import create_model
from ssid.models.mprnet import rejoin, split

TINY = {"width": 8, "step": 4, "extra": 4, "cabs": 1}


@pytest.mark.parametrize(
    ("options", "parameters"),
    [({}, 3_637_249), ({"width": 96, "step": 48, "extra": 32}, 20_127_073)],
)
def test_published_number_of_parameters(options, parameters):
    with torch.device("meta"):
        model = create_model("mprnet", **options)
    assert sum(p.numel() for p in model.parameters()) == parameters


def test_published_cost():
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        create_model("mprnet")(torch.empty(1, 3, 256, 256))
    assert counter.get_total_flops() / 2e9 == pytest.approx(141.0, abs=0.05)


def test_splitting_stacks_halves_and_rejoining_undoes_it():
    x = torch.arange(2 * 3 * 4 * 6.0).reshape(2, 3, 4, 6)
    assert torch.equal(split(x, 2), torch.cat([x[:, :, :2], x[:, :, 2:]]))
    assert torch.equal(rejoin(split(x, 2), 2), x)
    assert torch.equal(rejoin(rejoin(split(split(x, 2), 3), 3), 2), x)


def test_shapes_of_the_three_stages():
    model, rainy = create_model("mprnet", **TINY), torch.rand(2, 3, 18, 37)
    stages = model.unroll(rainy)
    assert [stage.features.map.shape for stage in stages] == [
        (2, 8, 24, 40),
        (2, 8, 24, 40),
        (2, 12, 24, 40),
    ]
    assert all(stage.features.code.shape == (2, 16, 6, 10) for stage in stages)
    assert all(stage.image.shape == rainy.shape for stage in stages)


def test_first_stage_sees_halves_and_later_stages_everything():
    torch.manual_seed(0)
    model, rainy = create_model("mprnet", **TINY), torch.rand(1, 3, 32, 32)
    changed = rainy.clone()
    changed[:, :, 16:] = torch.rand(1, 3, 16, 32)
    with torch.no_grad():
        pairs = zip(model.unroll(rainy), model.unroll(changed), strict=True)
        upper_equal = [torch.equal(a.image[:, :, :16], b.image[:, :, :16]) for a, b in pairs]
    assert upper_equal == [True, False, False]


def test_first_encoder_sees_quarters():
    torch.manual_seed(0)
    model, rainy = create_model("mprnet", **TINY), torch.rand(1, 3, 32, 32)
    changed = rainy.clone()
    changed[:, :, :16, 16:] = 0.5
    maps = []
    model.encoder1.register_forward_hook(lambda _module, _inputs, output: maps.append(output[0]))
    with torch.no_grad():
        model(rainy)
        model(changed)
    # Stacked as upper left, lower left, upper right, lower right.
    assert [torch.equal(a, b) for a, b in zip(*maps, strict=True)] == [True, True, False, True]


def test_all_estimates_start_from_the_image():
    model, rainy = create_model("mprnet", **TINY), torch.rand(1, 3, 17, 26)
    for last in (model.attention12.to_image, model.attention23.to_image, model.tail):
        torch.nn.init.zeros_(last.weight)
    assert all(torch.equal(stage.image, rainy) for stage in model.unroll(rainy))


def test_every_weight_learns_from_the_last_estimate():
    torch.manual_seed(0)
    model = create_model("mprnet", **TINY)
    model(torch.rand(2, 3, 32, 32)).square().mean().backward()
    assert all(p.grad is not None for p in model.parameters())
    # The few hidden units of a channel gate may all be off behind their ReLU.
    others = [p for name, p in model.named_parameters() if ".gate." not in name]
    assert all(p.grad.abs().sum() > 0 for p in others)
