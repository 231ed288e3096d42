"""PReNet: published counts, the LSTM against torch's own, and what recurrence must satisfy."""

import pytest
import torch
from torch import nn

from ssid.errors import UserError
from ssid.models import Recipe, create_model, load_model, save_model
from ssid.models.prenet import ConvGRU, ConvLSTM

VARIANTS = {
    "PReNet": ({}, 168_963),
    "PReNet_GRU": ({"cell": "gru"}, 150_499),
    "PReNet_x": ({"input_concat": False}, 168_099),
    "PReNet_r": ({"shared_units": True}, 94_979),
    "PRN": ({"cell": "none"}, 95_107),
    "PRN_r": ({"cell": "none", "shared_units": True}, 21_123),
}
OPTIONS = pytest.mark.parametrize("options", [v[0] for v in VARIANTS.values()], ids=VARIANTS)


@pytest.mark.parametrize(("options", "count"), VARIANTS.values(), ids=VARIANTS)
def test_published_number_of_parameters(options, count):
    with torch.device("meta"):
        model = create_model("prenet", **options)
    assert sum(p.numel() for p in model.parameters()) == count


@OPTIONS
def test_forward_is_decode_of_encode_and_the_last_stage(options):
    model = create_model("prenet", channels=4, stages=3, **options)
    rainy = torch.rand(2, 3, 37, 53)
    image, stages = model(rainy), model.unroll(rainy)
    assert image.shape == rainy.shape
    assert len(stages) == 3
    assert torch.equal(stages[-1].image, image)
    assert torch.equal(model.decode(model.encode(rainy), rainy), image)
    assert stages[-1].features.map.shape == (2, 4, 37, 53)


@OPTIONS
def test_a_shorter_network_gives_the_earlier_stages_of_a_longer_one(options):
    long = create_model("prenet", channels=4, stages=4, **options)
    short = create_model("prenet", channels=4, stages=2, **options)
    short.load_state_dict(long.state_dict())
    rainy = torch.rand(1, 3, 8, 8)
    assert torch.equal(short(rainy), long.unroll(rainy)[1].image)
    assert not torch.equal(short(rainy), long(rainy))


@OPTIONS
def test_every_parameter_learns_from_the_last_stage_alone(options):
    torch.manual_seed(0)
    model = create_model("prenet", channels=4, stages=2, **options)
    model(torch.rand(2, 3, 12, 12)).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_shared_units_are_stored_once_and_come_back(tmp_path):
    options = {"channels": 4, "stages": 2, "shared_units": True}
    model = create_model("prenet", **options)
    save_model(tmp_path / "prenet_r.safetensors", model)
    again = load_model(tmp_path / "prenet_r.safetensors")
    rainy = torch.rand(1, 3, 9, 7)
    assert again.recipe == Recipe("prenet", options)
    assert torch.equal(again(rainy), model(rainy))


def test_a_silent_tail_returns_the_rainy_image():
    model = create_model("prenet", channels=4)
    nn.init.zeros_(model.tail.weight)
    nn.init.zeros_(model.tail.bias)
    rainy = torch.rand(1, 3, 5, 6)
    assert torch.equal(model(rainy), rainy)


def test_lstm_on_one_pixel_is_the_lstm_of_torch():
    """There, zero padding leaves of every 3×3 kernel only its centre."""
    channels = 5
    cell, reference = ConvLSTM(channels), nn.LSTMCell(channels, channels)
    i, f, o, g = cell.gates.weight[:, :, 1, 1].chunk(4)
    weight = torch.cat((i, f, g, o))  # torch's order of the gates
    i, f, o, g = cell.gates.bias.chunk(4)
    with torch.no_grad():
        reference.weight_ih.copy_(weight[:, :channels])
        reference.weight_hh.copy_(weight[:, channels:])
        reference.bias_ih.copy_(torch.cat((i, f, g, o)))
        reference.bias_hh.zero_()
    state, expected = None, None
    for _ in range(3):
        x = torch.randn(2, channels)
        h, state = cell(x[..., None, None], state)
        expected = reference(x, expected)
        torch.testing.assert_close(h[..., 0, 0], expected[0])
        torch.testing.assert_close(state[1][..., 0, 0], expected[1])


@pytest.mark.parametrize(("bias", "kept"), [(-100.0, True), (100.0, False)])
def test_the_update_gate_of_the_gru_chooses_between_old_and_new(bias, kept):
    cell = ConvGRU(4)
    with torch.no_grad():
        cell.gates.bias[:4] = bias
    x, h = torch.randn(1, 4, 6, 6), torch.randn(1, 4, 6, 6).tanh()
    r = cell.gates(torch.cat((x, h), dim=1)).sigmoid()[:, 4:]
    new = cell.candidate(torch.cat((x, r * h), dim=1)).tanh()
    torch.testing.assert_close(cell(x, h)[0], h if kept else new)


@pytest.mark.parametrize("options", [{"cell": "lstn"}, {"stages": 0}])
def test_impossible_options_are_named(options):
    with pytest.raises(UserError, match=next(iter(options))):
        create_model("prenet", **options)
