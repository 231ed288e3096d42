"""Networks on disk at half precision."""

import pytest
import torch
from safetensors.torch import load_file

from ssid.config.load import load_params
from ssid.models import Recipe, build, create_model, load_model, save_model
from ssid.models.params import ModelParams
from ssid.training.job import initial_network
from ssid.training.params import TrainingParams
from support.repository import ROOT

RECIPE = Recipe("hinet", {"width": 4})
TEACHER = ROOT / "params" / "teacher.yaml"


@pytest.fixture
def files(tmp_path):
    """One network, stored whole and at half precision."""
    torch.manual_seed(0)
    model = build(RECIPE)
    save_model(tmp_path / "whole.safetensors", model)
    save_model(tmp_path / "half.safetensors", model, torch.float16)
    return tmp_path / "whole.safetensors", tmp_path / "half.safetensors"


def test_half_precision_rounds_and_loads_as_float32(files):
    whole, half = map(load_model, files)
    assert half.recipe == RECIPE
    expected = {name: tensor.half().float() for name, tensor in whole.state_dict().items()}
    torch.testing.assert_close(dict(half.state_dict()), expected, rtol=0, atol=0)
    assert any(not torch.equal(expected[name], t) for name, t in whole.state_dict().items())


def test_half_precision_halves_the_tensors(files):
    whole, half = ({name: t.nbytes for name, t in load_file(file).items()} for file in files)
    assert half == {name: nbytes // 2 for name, nbytes in whole.items()}
    assert files[1].stat().st_size < 0.6 * files[0].stat().st_size


def test_equal_networks_give_equal_bytes(files, tmp_path):
    again = tmp_path / "again.safetensors"
    save_model(again, load_model(files[1]), torch.float16)
    assert again.read_bytes() == files[1].read_bytes()


def test_whole_numbers_are_not_rounded(tmp_path):
    model = create_model("ddn", channels=4, units=1)
    counts = [name for name in model.state_dict() if name.endswith("num_batches_tracked")]
    for name in counts:
        model.state_dict()[name].fill_(2**24 + 1)
    save_model(tmp_path / "norm.safetensors", model, torch.float16)
    stored = load_file(tmp_path / "norm.safetensors")
    assert counts
    assert all(stored[name] == 2**24 + 1 for name in counts)
    assert {t.dtype for name, t in stored.items() if name not in counts} == {torch.float16}


def test_training_goes_on_from_half_precision_in_float32(files):
    changes = {"init": str(files[1]), "model": ModelParams(name="hinet", options={"width": 4})}
    params = load_params(TEACHER, TrainingParams).model_copy(update=changes)
    model = initial_network(params, None)
    start = {name: tensor.clone() for name, tensor in model.named_parameters()}
    rainy = torch.rand(1, 3, 32, 32)
    (model(rainy) - 0.5).abs().mean().backward()
    torch.optim.Adam(model.parameters(), lr=1e-8).step()
    moved = {name: tensor for name, tensor in model.named_parameters() if tensor.grad is not None}
    assert all(tensor.dtype == torch.float32 for tensor in moved.values())
    # Half precision would lose steps this small.
    assert not torch.equal(moved["last.weight"], start["last.weight"])
    assert torch.equal(moved["last.weight"].half(), start["last.weight"].half())
