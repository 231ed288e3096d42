import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from ssid.metrics.fidelity import luma, psnr, quantise, ssim

METRICS = [psnr, ssim]
CHANNELS = ["rgb", "y"]


def noisy_pair(n=1, height=40, width=52, seed=0):
    generator = torch.Generator().manual_seed(seed)
    clean = torch.rand(n, 3, height, width, generator=generator)
    return clean + 0.1 * torch.randn(clean.shape, generator=generator), clean


def stored(image):
    """One N=1 image as a file holds it: uint8 H×W×3."""
    return (quantise(image)[0] * 255).round().byte().permute(1, 2, 0).numpy()


def flat(*colour, size=64):
    return torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, size, size)


# Agreement with an independent library, on the 8-bit images and on each luma.


def test_rgb_agrees_with_skimage():
    estimate, clean = noisy_pair()
    images = stored(clean), stored(estimate)
    assert psnr(estimate, clean).item() == pytest.approx(peak_signal_noise_ratio(*images), abs=1e-9)
    reference = structural_similarity(
        *images, channel_axis=2, gaussian_weights=True, use_sample_covariance=False, data_range=255
    )  # skimage leaves out a border of 5 pixels by itself
    assert ssim(estimate, clean).item() == pytest.approx(reference, abs=1e-9)


def test_luma_agrees_with_skimage():
    estimate, clean = noisy_pair()
    weights = np.array([65.481, 128.553, 24.966]) / 255
    images = [16 + stored(image).astype(np.float64) @ weights for image in (clean, estimate)]
    reference = peak_signal_noise_ratio(*images, data_range=255)
    assert psnr(estimate, clean, "y").item() == pytest.approx(reference, abs=1e-9)
    reference = structural_similarity(
        *images, gaussian_weights=True, use_sample_covariance=False, data_range=255
    )
    assert ssim(estimate, clean, "y").item() == pytest.approx(reference, abs=1e-9)


# Values known in closed form (METHODS 7.5).


def test_one_grey_level_of_error():
    clean, estimate = flat(0.4, 0.4, 0.4), flat(0.4, 0.4, 0.4) + 1 / 255
    assert psnr(estimate, clean).item() == pytest.approx(48.1308, abs=5e-5)
    gain = psnr(estimate, clean, "y") - psnr(estimate, clean)
    assert gain.item() == pytest.approx(20 * math.log10(255 / 219), abs=1e-9)


def test_ssim_of_constants_tells_the_borders_apart():
    pair = flat(0.6, 0.6, 0.6), flat(0.5, 0.5, 0.5)
    assert ssim(*pair, eight_bit=False).item() == pytest.approx(0.983609, abs=1e-6)
    zero = ssim(*pair, eight_bit=False, border="zero")
    assert zero.item() == pytest.approx(0.979650, abs=1e-6)


@pytest.mark.parametrize(
    ("colour", "expected"),
    [((1, 1, 1), 235.0), ((0, 0, 0), 16.0), ((1, 0, 0), 81.481), ((0, 0, 1), 40.966)],
)
def test_luma_of_pure_colours(colour, expected):
    assert luma(flat(*colour, size=1)).item() == pytest.approx(expected, abs=1e-4)


# Properties.


@pytest.mark.parametrize("channel", CHANNELS)
def test_identical_images_reach_the_cap(channel):
    _, clean = noisy_pair(2)
    assert psnr(clean, clean, channel).tolist() == [100.0, 100.0]
    assert ssim(clean, clean, channel).tolist() == pytest.approx([1.0, 1.0], abs=1e-12)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("channel", CHANNELS)
def test_values_do_not_depend_on_the_batch(metric, channel):
    estimate, clean = noisy_pair(5)
    together = metric(estimate, clean, channel)
    assert together.shape == (5,)
    assert together.dtype == torch.float64
    alone = [metric(estimate[i], clean[i], channel).item() for i in range(5)]
    assert together.tolist() == alone  # to the last bit: sharded evaluations must agree


@pytest.mark.parametrize("metric", METRICS)
def test_eight_bit_judges_the_saved_file(metric):
    estimate, clean = noisy_pair()
    saved = torch.from_numpy(stored(estimate)).permute(2, 0, 1)[None] / 255
    assert torch.equal(metric(estimate, clean), metric(saved, clean))
    assert metric(estimate, clean) != metric(estimate, clean, eight_bit=False)
    clamped = metric(estimate.clamp(0, 1), clean, eight_bit=False)
    assert torch.equal(metric(estimate, clean, eight_bit=False), clamped)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**16), strength=st.floats(0.02, 0.3))
def test_symmetric_and_worse_with_more_noise(seed, strength):
    generator = torch.Generator().manual_seed(seed)
    clean = 0.3 + 0.4 * torch.rand(1, 3, 16, 20, generator=generator)
    noise = torch.randn(clean.shape, generator=generator)
    little, much = clean + strength * noise, clean + 2 * strength * noise
    for metric in METRICS:
        assert metric(little, clean) > metric(much, clean)
        assert metric(little, clean).item() == pytest.approx(metric(clean, little).item())


@given(st.integers(0, 255))
def test_quantise_keeps_every_stored_level(level):
    value = torch.tensor(level / 255)
    assert (quantise(value) * 255).item() == pytest.approx(level, abs=1e-4)
    assert torch.equal(quantise(value), quantise(value + 0.4 / 255))


@pytest.mark.parametrize("metric", METRICS)
def test_misuse_is_refused(metric):
    image = torch.rand(1, 3, 16, 16)
    with pytest.raises(ValueError, match="differ in shape"):
        metric(image, image[..., :-1])
    with pytest.raises(ValueError, match="expected"):
        metric(image[:, :1], image[:, :1])
    with pytest.raises(ValueError, match="channel must be"):
        metric(image, image, "Y")


def test_ssim_needs_a_whole_window():
    with pytest.raises(ValueError, match="11"):
        ssim(torch.rand(3, 10, 40), torch.rand(3, 10, 40))
