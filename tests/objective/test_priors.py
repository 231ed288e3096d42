import numpy as np
import pytest
import torch
from scipy.ndimage import minimum_filter
from torch.autograd import gradcheck

from ssid.objective.priors import (
    dark_channel,
    dark_channel_loss,
    dark_channel_loss_as_published,
    total_variation,
    total_variation_as_published,
)


@pytest.mark.parametrize("window", [1, 5, 35, 201])
def test_dark_channel_agrees_with_scipy(images, window):
    darkest = images.numpy().min(axis=1)
    expected = np.stack(
        [minimum_filter(item, window, mode="constant", cval=np.inf) for item in darkest]
    )
    np.testing.assert_array_equal(dark_channel(images, window)[:, 0].numpy(), expected)


def test_published_dark_channel_of_a_flat_picture():
    flat = torch.full((1, 3, 128, 128), 0.3)
    assert dark_channel(flat, 128).shape == (1, 1, 129, 129)
    assert dark_channel_loss_as_published(flat).item() == pytest.approx(-5824.35, abs=0.01)
    assert dark_channel_loss(flat).item() == pytest.approx(0.3)


def test_published_dark_channel_is_the_mean_rescaled(images):
    elements = dark_channel(images, 8).numel()
    expected = elements * (dark_channel_loss(images, 8) - 1) / 2
    torch.testing.assert_close(dark_channel_loss_as_published(images, 8), expected)


def test_total_variation_of_a_flat_picture_is_that_of_its_imagined_border():
    flat = torch.full((2, 3, 40, 30), 0.3)
    assert total_variation(flat).item() == 0
    expected = 2 * 3 * (40 + 30) * 0.3
    assert total_variation_as_published(flat).item() == pytest.approx(expected, rel=1e-5)


def test_total_variation_of_a_ramp():
    ramp = torch.linspace(0, 1, 21).expand(1, 3, 10, 21)
    assert total_variation(ramp).item() == pytest.approx(1 / 20)
    assert total_variation(ramp.mT).item() == pytest.approx(1 / 20)


@pytest.mark.parametrize("loss", [dark_channel_loss, total_variation])
def test_means_do_not_depend_on_the_number_of_pictures(images, loss):
    torch.testing.assert_close(loss(images.repeat(3, 1, 1, 1)), loss(images))


@pytest.mark.parametrize("loss", [dark_channel_loss_as_published, total_variation_as_published])
def test_published_sums_do(images, loss):
    torch.testing.assert_close(loss(images.repeat(3, 1, 1, 1)), 3 * loss(images))


@pytest.mark.parametrize("loss", [lambda x: dark_channel_loss(x, 3), total_variation])
def test_rain_raises_the_prior(clean, rainy, loss):
    assert loss(rainy) > loss(clean)


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: dark_channel_loss(x, 3),
        lambda x: dark_channel_loss_as_published(x, 4),
        total_variation,
        total_variation_as_published,
    ],
)
def test_gradients_and_formats(loss):
    # All values apart by more than gradcheck's step: minimum and |.| have no slope at ties.
    values = torch.randperm(2 * 3 * 6 * 5, generator=torch.Generator().manual_seed(3)).double()
    images = ((values + 1) / 200).view(2, 3, 6, 5)
    assert gradcheck(loss, images.clone().requires_grad_())
    assert loss(images.bfloat16()).dtype == torch.float32
    torch.testing.assert_close(loss(images.bfloat16()), loss(images.bfloat16().float()))
