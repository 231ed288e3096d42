#!/usr/bin/env bash
# MONAI: GaussianSmooth darkens the rim, as if black lay around the picture
#
# Believed: like OpenCV's, SciPy's and scikit-image's, the filter reflects or repeats the picture at its rim,
#   so a grey card stays grey.
# Found: it pads with zeros and does not divide by the weights inside: a corner loses nearly two thirds of its
#   light. GaussianSharpen, built upon it, brightens the rim instead. So do the augmentations
#   RandGaussianSmooth and RandGaussianSharpen; pairs of which one half is smoothed teach a vignette.
#   MedianSmooth keeps the card grey.
# Source: monai/networks/layers, separable_filtering, mode="zeros" by default.
#
# Run on 2026-11-29, Python 3.11.7, monai 1.6.1, torch 2.15.0, opencv-python-headless 5.0.0.93, numpy 2.4.6.
#   Output:
#   a grey card of 0.5            corner   edge  middle
#   MONAI GaussianSmooth(2)         0.18   0.30   0.50
#   OpenCV GaussianBlur, sigma 2    0.50   0.50   0.50
#   MONAI GaussianSharpen           0.84   0.91   0.50
#   MONAI MedianSmooth(2)           0.50   0.50   0.50
#   OpenCV medianBlur, 5x5          0.50   0.50   0.50
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  monai==1.6.1 torch==2.15.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
venv/bin/python - <<'EOF'
import cv2
import numpy as np
import torch
from monai.transforms import GaussianSharpen, GaussianSmooth, MedianSmooth

grey = torch.full((1, 40, 40), 0.5)
card = grey[0].numpy()
found = {
    "MONAI GaussianSmooth(2)": GaussianSmooth(sigma=2.0)(grey)[0],
    "OpenCV GaussianBlur, sigma 2": cv2.GaussianBlur(card, (0, 0), 2),
    "MONAI GaussianSharpen": GaussianSharpen(sigma1=2.0, sigma2=1.0, alpha=10.0)(grey)[0],
    "MONAI MedianSmooth(2)": MedianSmooth(radius=2)(grey)[0],
    "OpenCV medianBlur, 5x5": cv2.medianBlur(card, 5),
}
print("a grey card of 0.5            corner   edge  middle")
values = {}
for name, picture in found.items():
    values[name] = [float(picture[at]) for at in ((0, 0), (20, 0), (20, 20))]
    print(f"{name:30}" + " ".join(f"{value:6.2f}" for value in values[name]))
assert values["MONAI GaussianSmooth(2)"][0] < 0.2 and values["MONAI GaussianSmooth(2)"][1] < 0.35
assert values["MONAI GaussianSharpen"][0] > 0.7
assert all(np.ptp(values[name]) < 1e-6 for name in values if "OpenCV" in name or "Median" in name)
assert all(abs(value[2] - 0.5) < 1e-3 for value in values.values())
EOF
