"""Large-scale brightness stays, streaks go."""

import numpy as np
import pytest
import torch
from PIL import Image

from ssid.inference.folder import derain_folder
from ssid.inference.method import Method
from ssid.inference.veil import keep_veil
from ssid.models import Recipe, build


def scene(height=96, width=130):
    rng = np.random.default_rng(0)
    return rng.integers(60, 120, (height, width, 3)).astype(np.uint8)


def with_streaks(clean):
    rainy = clean.copy()
    rainy[:, ::12] += 80
    return rainy


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_darkening_everywhere_is_undone_and_streaks_stay_removed(dtype):
    top = {np.uint8: 1, np.uint16: 257, np.float32: 1 / 255}[dtype]
    clean = scene()
    rainy, darkened = (
        (p * np.float64(top)).astype(dtype) for p in (with_streaks(clean), clean - 30)
    )
    kept = keep_veil(rainy, darkened)
    assert kept.dtype == dtype
    assert np.abs(kept / top - clean).max() < 1.5


def test_an_estimate_that_keeps_brightness_is_left_as_it_is():
    clean = scene()
    assert np.abs(keep_veil(with_streaks(clean), clean).astype(int) - clean).max() <= 1


def test_a_gradient_of_veil_is_given_back():
    clean = scene()
    veil = np.linspace(0, 60, clean.shape[0])[:, None, None]
    kept = keep_veil(clean, np.rint(clean - veil).clip(0).astype(np.uint8))
    assert np.abs(kept.astype(int) - clean).mean() < 0.2 * veil.mean()


def test_grey_stays_grey_and_small_pictures_are_taken():
    grey = np.repeat(scene(5, 3)[..., :1], 3, axis=2)
    kept = keep_veil(grey, grey - 20)
    assert np.array_equal(kept[..., 0], kept[..., 2])


@pytest.mark.parametrize(("keep", "lost"), [(False, 20), (True, 0)])
def test_folders_are_derained_with_or_without_veil(tmp_path, keep, lost):
    """By a network that does nothing but darken."""
    network = build(Recipe("hinet", {"width": 4})).eval()
    with torch.no_grad():
        network.last.weight.zero_()
        network.last.bias.fill_(-20 / 255)
    Image.fromarray(scene()).save(tmp_path / "a.png")
    summary = derain_folder(network, tmp_path / "a.png", tmp_path / "out", Method(keep_veil=keep))
    result = np.asarray(Image.open(summary.written[0]))
    assert np.abs(scene() - result.astype(int)).mean() == pytest.approx(lost, abs=1)
