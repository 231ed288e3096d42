"""Channels that belong together are found whatever the network does with them."""

import numpy as np
import pytest
import torch
from torch import nn

from ssid.metrics.efficiency import count_macs
from ssid.models import MODELS, create_model
from ssid.prune.channels import trace_channels
from ssid.prune.structured import find_families


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Conv2d(3, 8, 3, padding=1)
        self.inner = nn.Conv2d(8, 6, 3, padding=1)
        self.outer = nn.Conv2d(6, 8, 3, padding=1)
        self.tail = nn.Conv2d(8, 3, 3, padding=1)

    def forward(self, x):
        y = torch.relu(self.head(x))
        return self.tail(self.outer(self.inner(y).relu()) + y) + x


def labels(model, name, dim):
    return trace_channels(model, 32, 32).tensors[name][dim]


def test_residually_joined_channels_are_one_group_and_the_image_stays():
    model = Residual()
    found = trace_channels(model, 32, 32)
    t = found.tensors
    assert np.array_equal(t["head.weight"][0], t["outer.weight"][0])
    assert np.array_equal(t["head.weight"][0], t["tail.weight"][1])
    assert set(found.fixed) == set(t["tail.weight"][0]) | set(t["head.weight"][1])
    assert [len(family.labels) for family in find_families(model, found)] == [8, 6]


def test_gates_fused_in_one_convolution_go_together():
    model = create_model("prenet", channels=4, units=1, stages=2)
    gates = labels(model, "cell.gates.weight", 0).reshape(4, 4)
    assert (gates == gates[0]).all()
    # 4 hidden channels, with their gates and the residual trunk, and 4 inner ones of the unit
    families = find_families(model, trace_channels(model))
    assert sorted(len(family.labels) for family in families) == [4, 4]


def test_half_instance_norm_loses_channels_of_both_halves_in_pairs():
    model = create_model("hinet", width=4)
    first = labels(model, "first_stage.encoder.0.body.0.weight", 0)
    norm = labels(model, "first_stage.encoder.0.body.1.norm.weight", 0)
    assert np.array_equal(first[:2], first[2:])
    assert np.array_equal(first[:2], norm)


def test_layers_that_are_applied_repeatedly_agree_with_themselves():
    model = create_model("ssid_kd", widths=(4, 4, 8), units=(3, 1, 1))
    found = trace_channels(model)
    weights = [layer.weight for layer in found.layers]
    assert len(weights) == len(set(weights))
    unit = found.tensors["full_branch.encoder.units.0.0.join.0.weight"][0]
    assert np.array_equal(unit, found.tensors["heads.0.0.weight"][0])


class Odd(nn.Module):
    """Does what cannot be narrowed safely: unknown operations, fixed slices, fixed constants."""

    def __init__(self, what):
        super().__init__()
        self.what = what
        self.head = nn.Conv2d(3, 8, 1)
        self.free = nn.Conv2d(8, 8, 1)
        self.tail = nn.Conv2d(8, 3, 1)

    def forward(self, x):
        y = self.head(x)
        if self.what == "unknown":
            y = torch.cumsum(y, 1)
        elif self.what == "slice":
            y = torch.cat([y[:, 5:], y[:, :5]], 1)
        elif self.what == "constant":
            y = y + torch.arange(8, device=y.device).view(1, 8, 1, 1)
        elif self.what == "grouped":
            y = nn.functional.conv2d(y, torch.ones(8, 2, 1, 1, device=y.device), groups=4)
        elif self.what == "shuffle":
            y = torch.pixel_unshuffle(torch.pixel_shuffle(y, 2), 2)
        elif self.what == "reshape":
            y = y.view(len(y), 2, 4, *y.shape[2:]).flatten(1, 2)
        return self.tail(self.free(y))


@pytest.mark.parametrize("what", ["unknown", "slice", "constant", "grouped", "shuffle", "reshape"])
def test_what_is_not_understood_is_kept(what):
    found = trace_channels(Odd(what), 32, 32)
    assert set(found.tensors["head.weight"][0]) <= set(found.fixed)
    assert not set(found.tensors["free.weight"][0]) & set(found.fixed)


@pytest.mark.parametrize("name", list(MODELS))
def test_macs_are_those_of_the_counter_and_hardly_a_layer_is_unknown(name):
    with torch.device("meta"):
        model = create_model(name)
    if name == "mirnet":  # three times rrg
        pytest.skip("the same blocks as rrg")
    found = trace_channels(model, 64, 64)
    assert found.macs() == count_macs(model, 64, 64)
    assert abs(found.other_macs) < 0.001 * found.macs()
    assert len(found.fixed) < 0.1 * found.labels
