#!/usr/bin/env bash
# torchmetrics: UQI of a picture and itself is below 1 where it has black or flat parts
#
# Believed: UniversalImageQualityIndex is 1 for equal pictures, as Wang and Bovik's is, whose flat
#   windows are compared by brightness alone.
# Found: where a window is black or flat the quotient is 0 / eps, and it counts as 0, the value of what
#   has nothing in common; with a black third a perfect estimate has 0.7. In float32 even a photograph
#   without black parts has less than 1 with itself: rounding takes the variance of its sky. Elsewhere
#   the two agree, but for the window: a Gaussian of 11x11, as of SSIM, instead of squares of 8x8.
# Source: torchmetrics/functional/image/uqi.py, _uqi_compute, "+ eps" below the fraction only; Wang
#   and Bovik, A universal image quality index, 2002.
#
# Run on 2026-11-29, Python 3.11.7, torchmetrics 1.9.0, torch 2.15.0, scikit-image 0.26.0, numpy
#   2.4.6. Output:
#                            paper   torchmetrics
#   rocket, itself, float64  1.0000  1.0000
#   rocket, itself, float32  1.0000  0.9462
#   a third black, itself    1.0000  0.6951
#   rocket, noisy            0.1658  0.1505
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torchmetrics==1.9.0 torch==2.15.0 scikit-image==0.26.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import numpy as np
import torch
from skimage import data
from torchmetrics.functional.image import universal_image_quality_index


def uqi(clean: np.ndarray, other: np.ndarray, side: int = 8) -> float:
    """Return equation 1 of Wang and Bovik, the mean over windows and channels."""
    windows = [
        np.lib.stride_tricks.sliding_window_view(x.astype(np.float64), (side, side), axis=(0, 1))
        for x in (clean, other)
    ]
    (a, b), (p, q) = ((x.mean((-1, -2)), x.var((-1, -2))) for x in windows)
    covariance = (windows[0] * windows[1]).mean((-1, -2)) - a * p
    light = np.where(a * a + p * p > 0, 2 * a * p / np.maximum(a * a + p * p, 1e-12), 1)
    form = np.where(b + q > 1e-9, 2 * covariance / np.maximum(b + q, 1e-9), 1)
    return float((light * form).mean())


def both(clean: np.ndarray, other: np.ndarray, dtype: torch.dtype) -> tuple[float, float]:
    a, b = (torch.tensor(x / 255, dtype=dtype).permute(2, 0, 1)[None] for x in (other, clean))
    return uqi(clean, other), float(universal_image_quality_index(a, b))


rocket = data.rocket()[40:296, 40:296]
noise = np.random.default_rng(0).normal(0, 12, rocket.shape)
noisy = np.clip(rocket + noise, 0, 255).round().astype(np.uint8)
black = rocket.copy()
black[:85] = 0
found = {
    "rocket, itself, float64": both(rocket, rocket, torch.float64),
    "rocket, itself, float32": both(rocket, rocket, torch.float32),
    "a third black, itself": both(black, black, torch.float64),
    "rocket, noisy": both(rocket, noisy, torch.float64),
}
print(f"{'':24} paper   torchmetrics")
for name, (truth, value) in found.items():
    print(f"{name:24} {truth:.4f}  {value:.4f}")
assert all(truth > 0.9999 for name, (truth, _) in found.items() if "itself" in name)
assert found["rocket, itself, float64"][1] > 0.9999
assert found["rocket, itself, float32"][1] < 0.97
assert found["a third black, itself"][1] < 0.72
assert np.allclose(found["rocket, noisy"], 0.16, atol=0.03)
EOF
