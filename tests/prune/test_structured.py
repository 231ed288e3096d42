"""Removing filters: the budget is met, nothing else changes, every network can be narrowed."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from ssid.errors import UserError
from ssid.export import export_model
from ssid.metrics.efficiency import count_macs, count_parameters
from ssid.models import MODELS, create_model, load_model, save_model
from ssid.models.narrow import narrow
from ssid.models.weights import Recipe
from ssid.prune.channels import trace_channels
from ssid.prune.criteria import CRITERIA
from ssid.prune.dreaming import Dreaming, dream, hooked
from ssid.prune.images import random_noise
from ssid.prune.recovery import recover
from ssid.prune.structured import find_families, prune_structured
from tests.prune.conftest import SMALL

every_network = pytest.mark.parametrize("name", list(MODELS))
RAINY = torch.rand(1, 3, 40, 33, generator=torch.Generator().manual_seed(0))


def small(name):
    return create_model(name, **SMALL[name]).eval()


@torch.no_grad()
def run(model):
    return model(RAINY)


def test_every_network_is_covered():
    assert set(SMALL) == set(MODELS)


# mirnet is made of the blocks of rrg
@pytest.mark.parametrize("name", [name for name in MODELS if name != "mirnet"])
def test_pruning_by_nothing_changes_no_bit(name):
    model = small(name)
    pruned = prune_structured(model, 1.0)
    assert torch.equal(run(pruned.model), run(model))
    assert (pruned.macs, pruned.shapes) == (1, {})


@every_network
def test_the_budget_is_met_and_the_network_runs_and_comes_back_from_disk(name, tmp_path):
    model = small(name)
    before = copy.deepcopy(model.state_dict())
    pruned = prune_structured(model, 0.6)
    assert count_macs(pruned.model, 256, 256) == round(pruned.macs * count_macs(model, 256, 256))
    assert pruned.macs == pytest.approx(0.6, abs=0.01)  # these networks have few channels
    assert count_parameters(pruned.model) < count_parameters(model)
    assert all(torch.equal(tensor, before[key]) for key, tensor in model.state_dict().items())

    path = tmp_path / "pruned.safetensors"
    save_model(path, pruned.model)
    assert pruned.model.recipe == Recipe(name, SMALL[name], pruned.shapes)
    loaded = load_model(path)
    assert torch.equal(run(loaded.eval()), run(pruned.model))


def test_what_was_pruned_can_be_pruned_further(tmp_path):
    path, once = tmp_path / "pruned.safetensors", prune_structured(small("prenet"), 0.8)
    twice = prune_structured(once.model, 0.8)
    assert twice.model.recipe.shapes == {**once.shapes, **twice.shapes}
    save_model(path, twice.model)
    assert torch.equal(run(load_model(path).eval()), run(twice.model))


@pytest.mark.parametrize("criterion", list(CRITERIA))
@pytest.mark.parametrize("name", ["prenet", "rrg"])
def test_the_budget_is_met_within_a_fifth_of_a_percent_at_published_widths(name, criterion):
    options = {"stages": 2} if name == "prenet" else {"channels": 32, "msrbs": 1}
    model = create_model(name, **options)
    pruned = prune_structured(model, 0.6, criterion)
    assert pruned.macs == pytest.approx(0.6, abs=0.002)
    assert count_macs(pruned.model, 256, 256) / count_macs(model, 256, 256) == pruned.macs


def test_mprnet_meets_the_published_target():
    """From 141.0 G to 87.8 G multiply-accumulates, −37.7 %."""
    pruned = prune_structured(create_model("mprnet"), 1 - 0.377)
    assert count_macs(pruned.model, 256, 256) / 1e9 == pytest.approx(87.8, rel=0.002)


def test_pruned_networks_are_exported(tmp_path):
    pruned = prune_structured(small("prenet"), 0.6).model
    export_model(pruned, tmp_path / "network.pt2")
    program = torch.export.load(tmp_path / "network.pt2").module()
    assert torch.allclose(run(program), run(pruned), atol=1e-6)


def test_channels_remain_in_multiples():
    pruned = prune_structured(create_model("prenet", stages=1), 0.6, multiple=8)
    widths = {shape[0] for key, shape in pruned.shapes.items() if key.startswith("units")}
    assert all(width % 8 == 0 for width in widths)
    assert min(widths) < 32
    assert pruned.macs == pytest.approx(0.6, abs=0.02)


@torch.no_grad()
@pytest.mark.parametrize("name", ["hinet", "mprnet", "prenet", "ssid_kd", "rescan", "unet"])
def test_filters_of_zeros_leave_without_a_trace(name):
    model = small(name)
    channels = trace_channels(model)
    rng = np.random.default_rng(0)
    gone = [
        rng.choice(family.labels, len(family.labels) // 3, replace=False)
        for family in find_families(model, channels)
    ]
    state = model.state_dict()
    for key, dims in channels.tensors.items():
        out_dim = {layer.weight: layer.out_dim for layer in channels.layers}.get(key, 0)
        rows = np.flatnonzero(np.isin(dims.get(out_dim, []), np.concatenate(gone)))
        state[key].index_fill_(out_dim, torch.from_numpy(rows), 0)
    keep = np.ones(channels.labels, bool)
    keep[np.concatenate(gone)] = False
    target = channels.macs(keep) / channels.macs()
    pruned = prune_structured(model, target, "l1")
    assert pruned.macs == pytest.approx(target, abs=1e-3)
    assert pruned.macs < 0.9
    assert torch.allclose(run(pruned.model), run(model), atol=1e-6)


def test_lamp_and_l1_keep_the_strongest_filters():
    model = small("prenet")
    weight = model.units[0].body[0].weight
    with torch.no_grad():
        weight[::2] *= 100
    pruned = prune_structured(model, 0.9, "l1")
    kept = pruned.model.units[0].body[0].weight
    assert (kept.abs().mean(dim=(1, 2, 3)) > 1).sum() == len(weight) // 2


def test_impossible_budgets_are_refused():
    model = small("prenet")
    with pytest.raises(ValueError, match="pruning can leave"):
        prune_structured(model, 1e-6)
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        prune_structured(model, 0)


def test_only_smaller_shapes_are_accepted():
    model = small("prenet")
    for shapes in ({"nobody": [1]}, {"tail.bias": [3, 1]}, {"tail.bias": [4]}, {"tail.bias": [0]}):
        with pytest.raises(ValueError, match="cannot become"):
            narrow(model, shapes)


class Dehazer(nn.Module):
    """A network that is not ours: shared layers, gates, normalisation and free parameters."""

    def __init__(self, width=24):
        super().__init__()
        self.head = nn.Conv2d(3, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.scale = nn.Parameter(torch.rand(1, width, 1, 1))
        self.depthwise = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.twin = nn.Conv2d(width, 2 * width, 1)
        self.act = nn.PReLU(width)
        self.up = nn.ConvTranspose2d(width, width, 2, 2)
        self.tail = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, hazy):
        x = self.norm(self.head(hazy))
        for _ in range(2):
            a, b = self.twin(self.depthwise(x)).chunk(2, 1)
            x = x + self.act(a * b.sigmoid()) * self.scale
        return hazy + self.tail(self.up(nn.functional.avg_pool2d(x, 2)))


def test_a_foreign_network_is_pruned_in_a_few_lines(tmp_path):
    network = Dehazer().eval()
    pruned = prune_structured(network, macs=0.6)
    clean = random_noise(batch=2, side=32, seed=0)
    dreams = dream(hooked(network, network.tail), clean, Dreaming(steps=3))
    list(recover(pruned.model, network, (now.images for now in dreams), steps=6))
    torch.save((pruned.shapes, pruned.model.state_dict()), tmp_path / "pruned.pt")

    shapes, weights = torch.load(tmp_path / "pruned.pt", weights_only=True)
    again = narrow(Dehazer(), shapes).eval()
    again.load_state_dict(weights)

    image = torch.rand(1, 3, 32, 32)
    assert torch.equal(again(image), pruned.model(image))
    width = again.depthwise.groups
    assert width < 24
    assert again.norm.running_mean.shape == again.act.weight.shape == (width,)
    assert (again.norm.num_features, again.act.num_parameters) == (width, width)


def test_layers_that_stay_whole_keep_their_shapes_and_others_give_the_macs():
    model = create_model("prenet", stages=1)
    assert "cell.gates.weight" in prune_structured(model, 0.6).shapes
    pruned = prune_structured(model, 0.6, whole=["cell.*"])
    assert pruned.macs == pytest.approx(0.6, abs=0.002)
    assert {name.split(".")[0] for name in pruned.shapes} == {"units"}


def test_layers_that_stay_whole_are_named_as_they_are():
    model = small("prenet")
    with pytest.raises(UserError, match=r"whole: found 'cell.gate', .* Did you mean 'cell.gates'"):
        prune_structured(model, 0.6, whole=["head", "cell.gate"])
    with pytest.raises(ValueError, match=r"pruning can leave 100.0% of the MACs, not 60.0%"):
        prune_structured(model, 0.6, whole=["*"])
