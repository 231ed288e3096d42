"""RESCAN: published counts, its cells against torch's own, and its two frames."""

import pytest
import torch
from torch import nn

from ssid.errors import UserError
from ssid.models import create_model
from ssid.models.rescan import GRUCell, LSTMCell, RNNCell

COUNTS = {"gru": 149_823, "conv": 28_695, "rnn": 54_735, "lstm": 197_367}
FRAMES = pytest.mark.parametrize("frame", ["full", "add"])


@pytest.mark.parametrize(("cell", "count"), COUNTS.items())
def test_published_number_of_parameters(cell, count):
    with torch.device("meta"):
        model = create_model("rescan", cell=cell)
    assert sum(p.numel() for p in model.parameters()) == count


@FRAMES
@pytest.mark.parametrize("cell", COUNTS)
def test_forward_is_decode_of_encode_and_the_last_stage(cell, frame):
    model = create_model("rescan", cell=cell, frame=frame, channels=6)
    rainy = torch.rand(2, 3, 37, 53)
    image, stages = model(rainy), model.unroll(rainy)
    assert image.shape == rainy.shape
    assert len(stages) == 4
    assert torch.equal(stages[-1].image, image)
    assert torch.equal(model.decode(model.encode(rainy), rainy), image)
    assert stages[-1].features.map.shape == (2, 6, 37, 53)


@pytest.mark.parametrize("cell", COUNTS)
def test_every_parameter_learns_from_two_stages(cell):
    torch.manual_seed(0)
    model = create_model("rescan", cell=cell, channels=6, stages=2)
    model(torch.rand(2, 3, 24, 24)).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_dilations_double_from_the_second_unit_on():
    model = create_model("rescan", channels=2)
    assert [unit.cell.seen.dilation[0] for unit in model.units] == [1, 1, 2, 4, 8]
    assert all(unit.cell.kept.dilation == (1, 1) for unit in model.units)


def test_frames_agree_in_the_first_stage_and_add_up_in_the_second():
    full = create_model("rescan", channels=6, stages=2)
    add = create_model("rescan", channels=6, stages=2, frame="add")
    add.load_state_dict(full.state_dict())
    rainy = torch.rand(1, 3, 10, 11)
    first, second = add.unroll(rainy)
    alone = full.unroll(rainy)
    torch.testing.assert_close(first.image, alone[0].image)
    # Both second stages saw the same input, so that they predict the same layer of rain.
    removed = rainy - alone[0].image
    torch.testing.assert_close(second.image, alone[1].image - removed)


def test_a_silent_tail_returns_the_rainy_image():
    model = create_model("rescan", channels=6)
    nn.init.zeros_(model.tail[-1].weight)
    nn.init.zeros_(model.tail[-1].bias)
    rainy = torch.rand(1, 3, 5, 6)
    assert torch.equal(model(rainy), rainy)


@pytest.mark.parametrize(("ours", "theirs"), [(LSTMCell, nn.LSTMCell), (RNNCell, nn.RNNCell)])
def test_cells_on_one_pixel_are_the_cells_of_torch(ours, theirs):
    """There, zero padding leaves of every 3×3 kernel only its centre."""
    torch.manual_seed(0)
    cell, reference = ours(3, 5, dilation=2), theirs(3, 5)

    def in_order(rows):
        if ours is RNNCell:
            return rows
        i, f, o, g = rows.chunk(4)
        return torch.cat((i, f, g, o))

    with torch.no_grad():
        reference.weight_ih.copy_(in_order(cell.seen.weight[:, :, 1, 1]))
        reference.weight_hh.copy_(in_order(cell.kept.weight[:, :, 1, 1]))
        reference.bias_ih.copy_(in_order(cell.seen.bias))
        reference.bias_hh.copy_(in_order(cell.kept.bias))
    x, *state = torch.randn(2, 3), torch.randn(2, 5), torch.randn(2, 5)
    state = state if ours is LSTMCell else state[:1]
    found = cell(x[..., None, None], tuple(part[..., None, None] for part in state))
    expected = reference(x, state if ours is LSTMCell else state[0])
    expected = expected if ours is LSTMCell else (expected,)
    for part, reference_part in zip(found, expected, strict=True):
        torch.testing.assert_close(part[..., 0, 0], reference_part)


@pytest.mark.parametrize(("bias", "kept"), [(-200.0, True), (200.0, False)])
def test_the_update_gate_of_the_gru_chooses_between_old_and_new(bias, kept):
    cell = GRUCell(3, 4, dilation=1)
    with torch.no_grad():
        cell.seen.bias[:4] = bias
    x, h = torch.randn(1, 3, 6, 6), torch.randn(1, 4, 6, 6)
    r = torch.sigmoid(cell.seen(x)[:, 4:8] + cell.kept(h)[:, 4:])
    new = torch.tanh(cell.seen(x)[:, 8:] + cell.candidate(r * h))
    torch.testing.assert_close(cell(x, (h,))[0], h if kept else new)


@pytest.mark.parametrize("options", [{"cell": "GRU"}, {"frame": "half"}, {"depth": 2}])
def test_impossible_options_are_named(options):
    with pytest.raises(UserError, match=next(iter(options))):
        create_model("rescan", **options)
