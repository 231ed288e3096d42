import numpy as np
import pytest
import skimage.data
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_sample_image

from ssid.metrics.niqe import niqe

# Scores by the public implementation of BasicSR 1.4.2 (luma of rgb2ycbcr, rounded, no crop border),
# which its authors compared with MATLAB.
REFERENCE = {
    "astronaut": 3.064948,
    "coffee": 4.115242,
    "chelsea": 2.625524,
    "rocket": 6.969155,
    "hubble_deep_field": 7.799804,
    "immunohistochemistry": 3.295424,
    "camera": 3.096207,
    "gravel": 4.333703,
    "china.jpg": 4.271902,
    "flower.jpg": 4.893328,
}


def photograph(name):
    return load_sample_image(name) if "." in name else getattr(skimage.data, name)()


@pytest.mark.parametrize("name", REFERENCE)
def test_agrees_with_the_reference_implementation(name):
    assert niqe(photograph(name)) == pytest.approx(REFERENCE[name], abs=1e-3)


def test_crop_border():
    image = photograph("astronaut")
    assert niqe(image, crop_border=7) == pytest.approx(2.989815, abs=2e-3)
    assert niqe(image, crop_border=7) == niqe(image[7:-7, 7:-7])


def test_only_whole_blocks_count():
    image = photograph("coffee")
    edited = image.copy()
    edited[4 * 96 :] = 0
    edited[:, 6 * 96 :] = 255
    assert niqe(edited) == niqe(image)


def test_float_images_are_the_same_images():
    image = photograph("chelsea")
    assert niqe((image / 255).astype(np.float32)) == niqe(image)
    assert niqe(image / 255 + 0.3 / 255) == niqe(image)


def test_heavy_distortions_score_worse():
    image = photograph("chelsea") / 255
    noise = np.random.default_rng(0).normal(0, 0.15, image.shape)
    assert niqe(image) + 1 < niqe(image + noise)
    assert niqe(image) + 1 < niqe(gaussian_filter(image, (3, 3, 0)))


@pytest.mark.parametrize("offset", [1, 7, 50])
def test_brightness_does_not_matter_even_where_the_sky_is_flat(offset):
    gray = (photograph("camera") // 2).astype(np.uint8)
    gray[:150, :300] = 117
    assert niqe(gray + np.uint8(offset)) == pytest.approx(niqe(gray), abs=1e-6)


@pytest.mark.parametrize("size", [(95, 400), (191, 96), (96, 191), (150, 150)])
def test_too_small_images_have_no_score(size):
    with pytest.raises(ValueError, match="two blocks"):
        niqe(np.zeros((*size, 3), np.uint8))


def test_flat_images_have_no_score():
    with pytest.raises(ValueError, match="texture"):
        niqe(np.full((192, 192, 3), 90, np.uint8))
