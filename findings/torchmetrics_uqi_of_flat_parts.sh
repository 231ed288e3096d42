#!/usr/bin/env bash
# torchmetrics: UQI of a picture and itself is below 1, and not that of Wang and Bovik
#
# Believed: UniversalImageQualityIndex is 1 for equal pictures, and sewar's uqi to some digits.
# Found: where a window is black or flat the quotient is 0 / eps, and it counts as 0, the value of what
#   has nothing in common; with a black third a perfect estimate has 0.7. In float32 even a photograph
#   without black parts has less than 1 with itself: rounding takes the variance of its sky. And
#   it averages over a Gaussian of 11x11, as SSIM does; Wang and Bovik over squares of 8x8, as sewar,
#   whose flat windows are compared by brightness: 0.98 there, 0.15 here for the same noise.
# Source: torchmetrics/functional/image/uqi.py, _uqi_compute, "+ eps" below the fraction only; Wang
#   and Bovik, A universal image quality index, 2002.
#
# Run on 2026-11-28, Python 3.11.7, torchmetrics 1.9.0, sewar 0.4.10, torch 2.15.0, scikit-image
#   0.26.0, numpy 2.4.6. Output:
#                            sewar  torchmetrics
#   rocket, itself, float64  1.0000  1.0000
#   rocket, itself, float32  1.0000  0.9462
#   a third black, itself    1.0000  0.6951
#   rocket, noisy            0.9795  0.1505
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torchmetrics==1.9.0 sewar==0.4.10 torch==2.15.0 scikit-image==0.26.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import numpy as np
import torch
from sewar.full_ref import uqi
from skimage import data
from torchmetrics.functional.image import universal_image_quality_index


def both(clean: np.ndarray, other: np.ndarray, dtype: torch.dtype) -> tuple[float, float]:
    a, b = (torch.tensor(x / 255, dtype=dtype).permute(2, 0, 1)[None] for x in (other, clean))
    return float(uqi(clean, other)), float(universal_image_quality_index(a, b))


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
print(f"{'':24} sewar  torchmetrics")
for name, (truth, value) in found.items():
    print(f"{name:24} {truth:.4f}  {value:.4f}")
assert all(truth > 0.97 for truth, _ in found.values())
assert found["rocket, itself, float64"][1] > 0.9999
assert found["rocket, itself, float32"][1] < 0.97
assert found["a third black, itself"][1] < 0.72
assert found["rocket, noisy"][1] < 0.2
EOF
