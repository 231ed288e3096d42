"""Weights of zero: the budget is met to one weight, and the zeros stay."""

import pytest
import torch

from ssid.models import create_model
from ssid.prune.channels import trace_channels
from ssid.prune.criteria import CRITERIA, erk_density
from ssid.prune.masks import count_nonzero_macs, prune_unstructured
from ssid.prune.recovery import recover
from tests.prune.conftest import SMALL


def small(name):
    return create_model(name, **SMALL[name]).eval()


@pytest.mark.parametrize("criterion", list(CRITERIA))
@pytest.mark.parametrize("name", ["prenet", "hinet"])
def test_the_budget_is_met_and_counted(name, criterion):
    model = small(name)
    pruned = prune_unstructured(model, 0.6, criterion)
    left = count_nonzero_macs(pruned.model) / count_nonzero_macs(model)
    assert left == pytest.approx(pruned.macs, abs=1e-9)
    assert 0.6 <= pruned.macs < 0.602


def test_pruning_by_nothing_changes_no_bit():
    model, rainy = small("prenet"), torch.rand(1, 3, 20, 20)
    pruned = prune_unstructured(model, 1.0)
    assert pruned.macs == 1
    assert torch.equal(pruned.model(rainy), model(rainy))


def test_densities_of_erk_have_the_ratio_of_the_formula():
    model = create_model("prenet", channels=16, units=1, stages=1)
    layers = [layer for layer in trace_channels(model).layers if layer.weight]
    masks = prune_unstructured(model, 0.2, "erk").masks
    found, wanted = [], []
    for layer in layers:
        mask = masks[layer.weight]
        found.append(mask.double().mean().item())
        wanted.append(erk_density(*mask.shape[:2], tuple(mask.shape[2:])))
    assert max(found) <= 1
    below = [i for i, density in enumerate(found) if density < 1]
    assert len(below) >= 2
    scale = found[below[0]] / wanted[below[0]]
    for i in below:
        assert found[i] == pytest.approx(scale * wanted[i], abs=0.01)
    for i in set(range(len(found))) - set(below):
        assert scale * wanted[i] > 0.99


def test_lamp_empties_no_layer_where_l1_does():
    model = small("prenet")
    with torch.no_grad():
        model.tail.weight *= 1e-3
    kept = {c: prune_unstructured(model, 0.6, c).masks["tail.weight"].sum() for c in ("l1", "lamp")}
    assert kept["l1"] == 0
    assert kept["lamp"] > 0


def test_recovery_leaves_zeros_zero():
    model = small("prenet")
    pruned = prune_unstructured(model, 0.6)
    noise = (torch.rand(2, 3, 16, 16) for _ in range(3))
    list(recover(pruned.model, model, noise, 3, lr=1e-2, masks=pruned.masks))
    for name, mask in pruned.masks.items():
        weight = pruned.model.get_parameter(name)
        assert weight[~mask].count_nonzero() == 0
        assert not torch.equal(weight, model.get_parameter(name))


def test_layers_that_stay_whole_lose_no_weight():
    model = small("prenet")
    pruned = prune_unstructured(model, 0.7, whole=["cell.*"])
    assert pruned.macs == pytest.approx(0.7, abs=0.002)
    assert not any(name.startswith("cell.") for name in pruned.masks)
    state = pruned.model.state_dict()
    assert torch.equal(state["cell.gates.weight"], model.state_dict()["cell.gates.weight"])
    with pytest.raises(ValueError, match="pruning can leave"):
        prune_unstructured(model, 0.1, whole=["cell.*"])
