"""DDN: its count, its guided filter against loops, and what it adds to the image."""

import numpy as np
import pytest
import torch
from torch import nn

from ssid.models import create_model
from ssid.models.ddn import box_mean, guided_filter

SMALL = {"channels": 4, "units": 2}


def test_published_number_of_parameters():
    with torch.device("meta"):
        model = create_model("ddn")
    assert sum(p.numel() for p in model.parameters()) == 57_369
    assert sum(isinstance(layer, nn.Conv2d) for layer in model.modules()) == 26


def windows(image, radius):
    """Yield the part of each pixel's window that lies in the image, row by row."""
    for y, x in np.ndindex(image.shape):
        rows, columns = (slice(max(0, at - radius), at + radius + 1) for at in (y, x))
        yield image[rows, columns]


def naive_filter(image, radius, epsilon):
    means, variances = (
        np.reshape([statistic(part) for part in windows(image, radius)], image.shape)
        for statistic in (np.mean, np.var)
    )
    a = variances / (variances + epsilon)
    b = means - a * means
    smooth = [
        np.reshape([part.mean() for part in windows(each, radius)], image.shape) for each in (a, b)
    ]
    return smooth[0] * image + smooth[1]


@pytest.mark.parametrize("size", [(9, 12), (1, 1), (40, 3)])
@pytest.mark.parametrize(("radius", "epsilon"), [(15, 1.0), (2, 0.01)])
def test_guided_filter_matches_loops(size, radius, epsilon):
    images = torch.rand(2, 3, *size)
    found = guided_filter(images, radius, epsilon)
    for n, c in np.ndindex(2, 3):
        expected = naive_filter(images[n, c].double().numpy(), radius, epsilon)
        np.testing.assert_allclose(found[n, c], expected, atol=1e-5)


def test_windows_end_at_the_border():
    assert torch.equal(
        box_mean(torch.tensor([[[[0.0, 0, 6]]]]), 1), torch.tensor([[[[0.0, 2, 3]]]])
    )


@pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
def test_a_flat_image_has_no_detail(level):
    flat = torch.full((1, 3, 37, 53), level)
    torch.testing.assert_close(guided_filter(flat), flat, rtol=0, atol=1e-6)


def test_the_network_sees_nothing_but_detail():
    """So that a brighter image, up to rounding, loses the same rain."""
    torch.manual_seed(0)
    model, rainy = create_model("ddn", **SMALL).eval(), torch.rand(1, 3, 24, 33) / 2
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    rain, of_brighter = model(rainy) - rainy, model(rainy + 0.3) - (rainy + 0.3)
    assert rain.abs().max() > 0.01
    torch.testing.assert_close(of_brighter, rain, rtol=0, atol=1e-4)


def test_a_silent_tail_returns_the_rainy_image():
    model, rainy = create_model("ddn", **SMALL).eval(), torch.rand(1, 3, 5, 6)
    nn.init.zeros_(model.tail[1].weight)  # of the normalisation, which is the last layer
    assert torch.equal(model(rainy), rainy)


def test_every_weight_learns():
    torch.manual_seed(0)
    model = create_model("ddn", **SMALL)
    (model(torch.rand(2, 3, 24, 24)) ** 2).mean().backward()
    # A bias in front of a normalisation cancels: its gradient is zero up to rounding.
    assert all(p.grad is not None for p in model.parameters())
    assert all(p.grad.abs().sum() > 0 for p in model.parameters() if p.ndim > 1)


def test_neighbours_in_the_batch_matter_in_training_alone():
    torch.manual_seed(0)
    model, images = create_model("ddn", **SMALL), torch.rand(2, 3, 16, 16)
    images[1] *= 0.1
    assert not torch.allclose(model(images)[:1], model(images[:1]), atol=1e-3)
    model.eval()
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    torch.testing.assert_close(model(images)[:1], model(images[:1]))
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
