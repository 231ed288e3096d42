"""SAPNet: published counts, the reach of its dilation, and its attention."""

import pytest
import torch
from torch import nn

from ssid.errors import UserError
from ssid.models import create_model
from ssid.models.sapnet import ChannelResidualAttention

COUNTS = {"full": 180_483, "separable": 101_763, "split": 134_403}


@pytest.mark.parametrize("dilated", [True, False])
@pytest.mark.parametrize(("convolution", "count"), COUNTS.items())
def test_published_number_of_parameters(convolution, count, dilated):
    with torch.device("meta"):
        model = create_model("sapnet", convolution=convolution, dilated=dilated)
    assert sum(p.numel() for p in model.parameters()) == count


def test_without_its_two_changes_it_is_prenet():
    torch.manual_seed(0)
    plain = create_model("sapnet", dilated=False, attention=False)
    prenet = create_model("prenet")
    values = dict(zip(prenet.state_dict(), plain.state_dict().values(), strict=True))
    prenet.load_state_dict(values)
    rainy = torch.rand(1, 3, 16, 16)
    assert torch.equal(plain(rainy), prenet(rainy))


@pytest.mark.parametrize("convolution", COUNTS)
def test_forward_is_decode_of_encode_and_the_last_stage(convolution):
    model = create_model("sapnet", channels=4, stages=3, convolution=convolution)
    rainy = torch.rand(2, 3, 37, 53)
    image, stages = model(rainy), model.unroll(rainy)
    assert image.shape == rainy.shape
    assert len(stages) == 3
    assert torch.equal(stages[-1].image, image)
    assert torch.equal(model.decode(model.encode(rainy), rainy), image)


@pytest.mark.parametrize(("dilated", "reach"), [(True, 62 + 3), (False, 10 + 3)])
def test_dilation_widens_what_one_stage_sees(dilated, reach):
    """The units see 2·(1+2+4+8+16) pixels to each side; head, cell and tail one more each."""
    model = create_model("sapnet", stages=1, channels=2, dilated=dilated, attention=False).double()
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.05)  # positive: no ReLU and no cancelling hides a path
    rainy = torch.rand(1, 3, 1, 161, dtype=torch.float64, requires_grad=True)
    model(rainy)[..., 80].sum().backward()
    seen = rainy.grad.sum(dim=(0, 1, 2)).nonzero().flatten()
    assert (seen.min(), seen.max()) == (80 - reach, 80 + reach)


def test_attention_sees_the_means_of_channels_only():
    attend = ChannelResidualAttention(32)
    x = torch.randn(2, 32, 4, 6)
    shuffled = x.flatten(2)[..., torch.randperm(24)].reshape(x.shape)
    gate, gate_of_shuffled = attend(x) / x, attend(shuffled) / shuffled
    torch.testing.assert_close(gate, gate_of_shuffled)
    assert gate.gt(0).all()
    assert gate.lt(1).all()


def test_every_parameter_learns_from_the_last_stage_alone():
    torch.manual_seed(0)
    model = create_model("sapnet", channels=8, stages=2)
    model(torch.rand(2, 3, 12, 12)).square().mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        # The few values behind the ReLU of the squeeze may start out dead.
        assert "squeeze" in name or parameter.grad.abs().sum() > 0, name


def test_unknown_convolution_is_named():
    with pytest.raises(UserError, match="convolution"):
        create_model("sapnet", convolution="depthwise")
