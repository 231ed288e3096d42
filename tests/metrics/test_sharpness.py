import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

from ssid.metrics.sharpness import sharpness


def test_steps_are_measured_in_grey_levels():
    # Every 16th row brings a step of 51 levels, which are 51 · 219/255 of Y.
    rows = (torch.arange(160) // 8 % 2) * 0.2
    image = rows.view(1, 1, -1, 1).expand(1, 3, 160, 30)
    assert sharpness(image).item() == pytest.approx(51 * 219 / 255)
    assert sharpness(image.transpose(-1, -2)).item() == 0  # vertical stripes are taken for rain
    assert sharpness(torch.full((2, 3, 9, 9), 0.5)).tolist() == [0, 0]


def test_removing_rain_is_told_from_blurring(shared_data):
    kept, blurred = [], []
    for rainy_file in sorted((shared_data / "paired/rain100h/rainy").iterdir())[:8]:
        rainy = np.asarray(Image.open(rainy_file).convert("RGB"), np.float32) / 255
        clean_file = rainy_file.parents[1] / "clean" / rainy_file.name
        clean = np.asarray(Image.open(clean_file).convert("RGB"), np.float32) / 255
        soft = gaussian_filter(clean, (0.8, 0.8, 0))
        before, after, worse = (
            sharpness(torch.from_numpy(image).permute(2, 0, 1)).item()
            for image in (rainy, clean, soft)
        )
        kept.append(after / before)
        blurred.append(worse / before)
    assert np.mean(kept) > 0.8
    assert np.mean(blurred) < 0.6
