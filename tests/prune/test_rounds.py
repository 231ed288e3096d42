"""Rounds: every cut starts from what was recovered after the one before, and the budget is met."""

import pytest
import torch

from ssid.models import Derainer, create_model
from ssid.prune.masks import count_nonzero_macs
from ssid.prune.rounds import prune_in_rounds
from tests.prune.conftest import SMALL


@pytest.fixture
def model() -> Derainer:
    return create_model("unet", **SMALL["unet"])


@pytest.mark.parametrize("unit", ["filters", "weights"])
@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_every_round_leaves_the_same_share_until_the_budget_is_met(model, unit, rounds):
    found = [
        (cut.macs, count_nonzero_macs(cut.model) / count_nonzero_macs(model))
        for cut in prune_in_rounds(model, 0.5, rounds, unit)
    ]
    wanted = [0.5 ** (number / rounds) for number in range(1, rounds + 1)]
    for (told, counted), share in zip(found, wanted, strict=True):
        assert told == pytest.approx(share, abs=0.03)
        assert counted == pytest.approx(told, abs=1e-6)


@pytest.mark.parametrize("unit", ["filters", "weights"])
def test_a_cut_judges_the_weights_that_were_learnt_since(model, unit):
    first, second = [], []
    for seen, changed in ((first, False), (second, True)):
        for cut in prune_in_rounds(model, 0.5, 2, unit, "l1"):
            seen.append(cut)
            if changed:
                with torch.no_grad():
                    for weight in cut.model.parameters():
                        weight.copy_(torch.rand_like(weight))
    assert first[0].shapes == second[0].shapes
    assert not same(first[1], second[1])


def same(a, b):
    masks = a.masks.keys() == b.masks.keys()
    return (
        a.shapes == b.shapes and masks and all(map(torch.equal, a.masks.values(), b.masks.values()))
    )


def test_the_last_network_names_all_that_is_smaller_than_in_the_first(model):
    *_, last = prune_in_rounds(model, 0.4, 3)
    state, pruned = model.state_dict(), last.model.state_dict()
    smaller = {name for name, tensor in pruned.items() if tensor.shape != state[name].shape}
    assert smaller == last.shapes.keys()
    assert all(list(pruned[name].shape) == shape for name, shape in last.shapes.items())
    assert last.model.recipe is not None
    assert last.model.recipe.shapes == last.shapes


@pytest.mark.parametrize("unit", ["filters", "weights"])
def test_layers_that_stay_whole_stay_so_in_every_round(unit):
    model = create_model("prenet", **SMALL["prenet"])
    for cut in prune_in_rounds(model, 0.9, 2, unit, whole=["cell.*"]):
        changed = {*cut.shapes, *cut.masks}
        assert changed
        assert not any(name.startswith("cell.") for name in changed)
