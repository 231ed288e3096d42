#!/usr/bin/env bash
# scikit-image: denoise_bilateral's spatial weights are sheared, and the pixel itself counts for nothing
#
# Believed: with a sigma_color that lets all colours pass, the bilateral filter is the Gaussian filter of
#   sigma_spatial, cut off at its window, as OpenCV's is.
# Found: the table of spatial weights has an even number of rows and columns (range(-7, 7) for a window of
#   13), and is read as if it had the window's odd number: each row of weights starts one further to the
#   side than the last. With the default sigma of 1 the pixel itself counts for nothing, those two rows
#   and columns away for most: a dot turns into a slanted streak up and right of its place, and what is
#   smooth is taken from beside. Only sigma_color, which favours the pixel's own colour, hides it.
# Source: skimage/restoration/_denoise.py, _compute_spatial_lut, `np.arange(-win_size // 2, ...)`.
#
# Run on 2026-11-29, Python 3.11.7, scikit-image 0.26.0, opencv-python-headless 5.0.0.93, numpy 2.4.6.
#   Output:
#   scikit-image: a dot of 100, all colours let through, sigma 1
#      0    0    0    0    0    0    0    0    0
#      0    0    0    1    6   10    6    1    0
#      0    0    0    0    2   10   17   10    0
#      0    2    0    0    0    1    6   10    0
#      0    6    1    0    0    0    0    1    0
#      0    2    1    0    0    0    0    0    0
#      0    0    0    0    0    0    0    0    0
#      0    0    0    0    0    0    0    0    0
#      0    0    0    0    0    0    0    0    0
#   OpenCV: a dot of 100, all colours let through, sigma 1
#      0    0    0    0    0    0    0    0    0
#      0    0    0    0    0    0    0    0    0
#      0    0    0    1    2    1    0    0    0
#      0    0    1    6   10    6    1    0    0
#      0    0    2   10   16   10    2    0    0
#      0    0    1    6   10    6    1    0    0
#      0    0    0    1    2    1    0    0    0
#      0    0    0    0    0    0    0    0    0
#      0    0    0    0    0    0    0    0    0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  scikit-image==0.26.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
venv/bin/python - <<'EOF'
import cv2
import numpy as np
from skimage.restoration import denoise_bilateral

dot = np.zeros((17, 17))
dot[8, 8] = 1
weights = {
    "scikit-image": denoise_bilateral(dot, sigma_color=1e6, sigma_spatial=1),
    "OpenCV": cv2.bilateralFilter(dot.astype(np.float32), 7, 1e6, 1),
}
for name, spread in weights.items():
    print(f"{name}: a dot of 100, all colours let through, sigma 1")
    for row in 100 * spread[4:13, 4:13]:
        print(" ".join(f"{value:4.0f}" for value in row))
assert abs(weights["OpenCV"][8, 8] - 0.16) < 0.01
assert weights["scikit-image"][8, 8] < 0.01
assert 0.9 < weights["scikit-image"].sum() < 1.1 and weights["scikit-image"].max() > 0.1
EOF
