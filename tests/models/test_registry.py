"""What every registered network promises, whatever it looks like inside."""

import copy
import inspect
import re

import pytest
import torch
from torch import nn

from ssid.errors import UserError
from ssid.models import (
    MODELS,
    Derainer,
    Features,
    Recipe,
    create_model,
    list_models,
    load_model,
    save_model,
)
from ssid.models.registry import ModelEntry

# Options that make each network small, as YAML would give them.
SMALL = {
    "afrnet": {"width": 4, "modules": 1},
    "afrnet_student": {"width": 4},
    "ddn": {"channels": 4, "units": 2},
    "hinet": {"width": 4},
    "mirnet": {"channels": 8, "groups": 2, "msrbs": 1},
    "mprnet": {"width": 4, "step": 4, "extra": 2, "cabs": 1},
    "prenet": {"channels": 4, "units": 1, "stages": 2},
    "rescan": {"channels": 4, "depth": 4, "stages": 2},
    "rrg": {"channels": 8, "msrbs": 1, "recurrences": 2},
    "sapnet": {"channels": 4, "units": 1, "stages": 2},
    "ssid_kd": {"widths": [4, 4, 8], "units": [2, 1, 1]},
    "unet": {"widths": [8, 4], "encoder_blocks": [0, 1], "decoder_blocks": [1], "context": True},
}
# Channels of Features.map and Features.code of those networks.
CHANNELS = {
    "afrnet": (4, 16),
    "afrnet_student": (4, 16),
    "ddn": (4, 4),
    "hinet": (4, 64),
    "mirnet": (8, 8),
    "mprnet": (6, 12),
    "prenet": (4, 4),
    "rescan": (4, 4),
    "rrg": (8, 8),
    "sapnet": (4, 4),
    "ssid_kd": (16, 8),
    "unet": (2, 4),
}
SIZES = [(37, 53), (64, 33)]

every_network = pytest.mark.parametrize("name", list(MODELS))


def small(name):
    torch.manual_seed(0)
    return create_model(name, **SMALL[name]).eval()


def image(height, width, batch=1):
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(1))


def test_every_network_is_covered():
    assert set(SMALL) == set(CHANNELS) == set(MODELS)


@every_network
@pytest.mark.parametrize("size", SIZES)
def test_image_keeps_its_size_and_all_ways_through_agree(name, size):
    model, rainy = small(name), image(*size)
    with torch.no_grad():
        features = model.encode(rainy)
        clean = model(rainy)
        stages = model.unroll(rainy)
        assert clean.shape == rainy.shape
        assert clean.isfinite().all()
        assert torch.equal(model.decode(features, rainy), clean)
        assert torch.equal(stages[-1].image, clean)
        assert torch.equal(stages[-1].features.map, features.map)
    assert all(stage.image.shape == rainy.shape for stage in stages)


@every_network
def test_features_have_the_known_channels_at_the_padded_size(name):
    model, rainy = small(name), image(*SIZES[0])
    for stage in model.unroll(rainy):
        assert stage.features.map.shape[-2:] == model.pad(rainy).shape[-2:]
    features = model.encode(rainy)
    assert (features.map.shape[1], features.code.shape[1]) == CHANNELS[name]


@every_network
def test_smallest_image_works_and_a_smaller_one_is_refused(name):
    model = small(name)
    side = model.min_side
    with torch.no_grad():
        assert model(image(side, side)).shape == (1, 3, side, side)
    with pytest.raises(ValueError, match=f"at least {side}×{side} pixels, got {side - 1}×40"):
        model.pad(image(side - 1, 40))


@every_network
def test_images_of_a_batch_do_not_influence_each_other(name):
    model, rainy = small(name), image(37, 41, batch=3)
    with torch.no_grad():
        together = model(rainy)
        alone = torch.cat([model(each) for each in rainy.split(1)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


@every_network
def test_gradients_reach_the_image_and_the_weights(name):
    model, rainy = small(name).train(), image(37, 41).requires_grad_()
    stages = model.unroll(rainy)
    sum(stage.image.square().mean() for stage in stages).backward()
    assert rainy.grad.abs().sum() > 0
    learning = sum(p.numel() for p in model.parameters() if p.grad is not None)
    assert learning > 0.5 * sum(p.numel() for p in model.parameters())


@every_network
def test_instances_and_copies_share_no_parameter(name):
    first, second = small(name), small(name)
    third = copy.deepcopy(first)
    ids = [{id(p) for p in model.parameters()} for model in (first, second, third)]
    storage = [{p.data_ptr() for p in model.parameters()} for model in (first, second, third)]
    assert len(set.union(*ids)) == sum(map(len, ids))
    assert len(set.union(*storage)) == sum(map(len, storage))


@every_network
def test_weights_survive_the_round_trip_through_a_file(name, tmp_path):
    model = small(name)
    save_model(tmp_path / "model.safetensors", model)
    loaded = load_model(tmp_path / "model.safetensors")
    rainy = image(37, 41)
    with torch.no_grad():
        assert torch.equal(loaded.eval()(rainy), model(rainy))
    assert loaded.recipe == model.recipe == Recipe(name, SMALL[name])


@every_network
def test_source_names_a_year_and_every_option_has_a_default(name):
    entry = MODELS[name]
    assert re.search(r"\b20\d\d\b", entry.source)
    assert inspect.Parameter.empty not in entry.options().values()


class Normalised(Derainer):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.GroupNorm(16, 16))

    def encode_padded(self, rainy):
        image = self.layers(rainy)
        return Features(image, image)

    def decode_padded(self, features, rainy):
        return features.map[:, :3]


def test_group_norm_in_fog_is_exact(monkeypatch):
    monkeypatch.setitem(MODELS._entries, "normalised", ModelEntry(Normalised, "Ours, 2026"))
    network = create_model("normalised").eval()
    fog = 0.8 + 0.1 * image(256, 256).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        found, exact = network(fog), network.double()(fog.double())
    assert (found.double() - exact).norm() / exact.norm() < 1e-4


def test_names_are_listed_by_pattern():
    assert list_models("ss*") == ["ssid_kd"]
    assert list_models() == sorted(MODELS)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("ssid-kd", {}, "Did you mean 'ssid_kd'"),
        ("rrg", {"chanels": 8}, "Did you mean 'channels'"),
        ("rrg", {"channels": 4}, "4 channels cannot be reduced 8 times"),
        ("rrg", {"channels": 8, "recurrences": 0}, "positive"),
        ("hinet", {"width": 3}, "even number"),
        ("ssid_kd", {"widths": [8, 12]}, "three positive numbers"),
        ("ssid_kd", {"units": [2, 1, 0]}, "three positive numbers"),
        ("unet", {"widths": [18, 32, 64, 128]}, "multiple of its square"),
        ("unet", {"widths": [16, 32]}, "as many as widths"),
        ("unet", {"widths": [16]}, "2 to 8 levels"),
    ],
)
def test_impossible_requests_are_explained(name, options, message):
    with pytest.raises(UserError, match=message):
        create_model(name, **options)
