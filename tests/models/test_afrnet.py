"""AFR-Net: counts of the released graph part by part, its sizes, its attention, its mask."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ssid.models import create_model
from ssid.models.afrnet import Attention, Blocks, Dense, Residual, rain_mask

SMALL = {"width": 4, "modules": 2}


def numel(*modules: nn.Module) -> int:
    return sum(p.numel() for module in modules for p in module.parameters())


@pytest.mark.parametrize(
    ("as_published", "counts"),
    [
        (True, (2_270_656, 1_772_480, 7_481_376, 2_864_832, 14_389_344)),
        (False, (3_909_056, 2_113_472, 7_481_376, 3_454_656, 16_958_560)),
    ],
)
def test_number_of_parameters_part_by_part(as_published, counts):
    with torch.device("meta"):
        model = create_model("afrnet", as_published=as_published)
    assert counts == (
        numel(model.stem, model.encoder),
        numel(model.locate, model.mask, model.look),
        numel(model.refinements),
        numel(model.decoder, model.smaller, model.finish, model.tail),
        numel(model),
    )
    assert [numel(p) for p in (model.refinements[0].left, model.refinements[0].attention)] == [
        1_347_104,
        76_160,
    ]


@pytest.mark.parametrize("as_published", [True, False])
@pytest.mark.parametrize("size", [(64, 64), (72, 104), (37, 53), (9, 9)])
def test_any_size_keeps_its_size(size, as_published):
    model = create_model("afrnet", **SMALL, as_published=as_published)
    rainy = torch.rand(1, 3, *size)
    image = model(rainy)
    assert image.shape == rainy.shape
    assert torch.equal(model.decode(model.encode(rainy), rainy), image)


def test_other_sizes_are_extended_by_reflection_and_cropped_back():
    torch.manual_seed(0)
    model, rainy = create_model("afrnet", **SMALL), torch.rand(1, 3, 20, 30)
    rows, columns = [*range(20), 18, 17, 16, 15], [*range(30), 28, 27]
    whole = rainy[:, :, rows][..., columns]
    assert torch.equal(model(rainy), model(whole)[..., :20, :30])


def test_images_below_the_least_size_are_refused():
    with pytest.raises(ValueError, match="at least 9"):
        create_model("afrnet", **SMALL)(torch.rand(1, 3, 8, 64))


def test_features_are_a_pyramid_with_mask_and_smaller_estimates():
    features = create_model("afrnet", **SMALL).encode(torch.rand(2, 3, 24, 32))
    assert features.map.shape == (2, 4, 24, 32)
    assert [level.shape for level in features.levels] == [
        (2, 4, 24, 32),
        (2, 8, 12, 16),
        (2, 8, 6, 8),
        (2, 16, 3, 4),
    ]
    assert features.code is features.levels[-1]
    mask, *smaller = features.side
    assert mask.shape == (2, 1, 24, 32)
    assert [image.shape for image in smaller] == [(2, 3, 12, 16), (2, 3, 6, 8), (2, 3, 3, 4)]


def test_inside_images_reach_from_minus_one_to_one():
    model = create_model("afrnet", **SMALL)
    nn.init.zeros_(model.tail.weight)
    rainy = torch.rand(1, 3, 16, 16)
    assert torch.equal(model(rainy), torch.full_like(rainy, 0.5))


@pytest.mark.parametrize(("as_published", "seen"), [(True, [4, 4, 8]), (False, [4, 8, 12])])
def test_published_dense_layers_miss_the_newest_map(as_published, seen):
    group = Blocks(separable=False, as_published=as_published).dense(4, layers=3)
    first, second = group.layers
    assert [layer[0].in_channels for layer in first.layers] == seen
    assert second.layers[0][0].in_channels == (4 if as_published else 8)


def test_a_dense_block_adds_the_newest_channels_of_its_input():
    block = Dense(6, 2, 1, lambda seen: nn.Conv2d(seen, 2, 1), skip=True, as_published=False)
    for parameter in block.fuse.parameters():
        nn.init.zeros_(parameter)
    x = torch.rand(1, 6, 3, 3)
    assert torch.equal(block(x), x[:, 4:])


def test_closed_attention_forgets_the_features():
    """With γ = σ(−∞) = 0 and β = 0, nothing of the map gets through; open, it does."""
    attend = Attention(Blocks(separable=False, as_published=False), channels=4)
    mask, look = torch.rand(1, 1, 8, 8), torch.rand(1, 4, 8, 8)
    x, other = torch.rand(2, 1, 4, 8, 8).unbind()
    assert not torch.allclose(attend(x, mask, look)[0], attend(other, mask, look)[0])
    for parameter in (attend.gain.weight, attend.shift.weight, attend.shift.bias):
        nn.init.zeros_(parameter)
    nn.init.constant_(attend.gain.bias, -torch.inf)
    assert torch.equal(attend(x, mask, look)[0], attend(other, mask, look)[0])


def test_no_rain_has_an_empty_mask_and_a_streak_is_marked():
    clean = torch.rand(2, 3, 16, 16)
    assert rain_mask(clean, clean).eq(0).all()
    rainy = clean.clone()
    rainy[0, :, 3:9, 5] += 0.5
    expected = torch.zeros(2, 1, 16, 16)
    expected[0, :, 3:9, 5] = 1
    assert torch.equal(rain_mask(rainy, clean), expected)


@pytest.mark.parametrize("name", ["afrnet", "afrnet_student"])
def test_every_parameter_learns(name):
    torch.manual_seed(0)
    model = create_model(name, width=8, modules=1)
    rainy = torch.rand(2, 3, 32, 32)
    features = model.encode(rainy)
    # The teacher's smaller estimates have heads of their own; the student has none.
    loss = sum(image.square().mean() for image in (model.decode(features, rainy), *features.side))
    loss.backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_separable_blocks_hold_no_full_convolution():
    model = create_model("afrnet", **SMALL, separable=True)
    inner = [
        layer
        for block in model.modules()
        if isinstance(block, Residual | Dense)
        for layer in block.modules()
        if isinstance(layer, nn.Conv2d)
    ]
    assert all(layer.kernel_size == (1, 1) or layer.groups == layer.in_channels for layer in inner)
    assert any(layer.groups > 1 for layer in inner)


def test_the_student_costs_a_twentieth_of_its_teacher():
    def macs(name):
        with torch.device("meta"), FlopCounterMode(display=False) as counter:
            create_model(name)(torch.rand(1, 3, 512, 512))
        return counter.get_total_flops() / 2

    assert macs("afrnet_student") < macs("afrnet") / 20
