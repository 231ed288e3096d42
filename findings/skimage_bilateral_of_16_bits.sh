#!/usr/bin/env bash
# scikit-image: denoise_bilateral of a 16-bit picture keeps no edges, whatever sigma_color is
#
# Believed: as every filter of skimage.restoration, it turns integers into [0, 1] first, so 8 bits, 16 bits
#   and floats give one result, and edges survive.
# Found: it looks for the brightest pixel before that conversion, and spreads its table of weights over
#   the range up to it. For 16 bits all differences of colour fall into the table's first entry, whose
#   weight is 1: the same soft picture for every sigma_color, the one that floats give with an
#   endless sigma_color. For 8 bits about 40 steps are left up to white. Convert with img_as_float before.
# Source: skimage/restoration/_denoise.py, denoise_bilateral, `max_value = image.max()`.
#
# Run on 2026-11-29, Python 3.11.7, scikit-image 0.26.0, numpy 2.4.6. Output:
#   sigma_color           0.05   0.50   step from one side of the edge to the other
#   float                 0.60   0.21
#   8 bits                0.60   0.20
#   16 bits               0.02   0.02
#   float, sigma_color=1e6       0.02
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python scikit-image==0.26.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import numpy as np
from skimage import util
from skimage.restoration import denoise_bilateral

edge = np.full((48, 48), 0.2)
edge[:, 24:] = 0.8
noisy = (edge + np.random.default_rng(0).normal(0, 0.03, edge.shape)).clip(0, 1)
pictures = {"float": noisy, "8 bits": util.img_as_ubyte(noisy), "16 bits": util.img_as_uint(noisy)}
print("sigma_color           0.05   0.50   step from one side of the edge to the other")
steps = {}
for name, picture in pictures.items():
    for sigma in (0.05, 0.5):
        smooth = denoise_bilateral(picture, sigma_color=sigma, sigma_spatial=2)
        steps[name, sigma] = float((smooth[:, 24] - smooth[:, 23]).mean())
    print(f"{name:19} {steps[name, 0.05]:6.2f} {steps[name, 0.5]:6.2f}")
unlimited = denoise_bilateral(noisy, sigma_color=1e6, sigma_spatial=2)
blur = float((unlimited[:, 24] - unlimited[:, 23]).mean())
print(f"float, sigma_color=1e6 {blur:10.2f}")
assert steps["float", 0.05] > 0.5 and steps["8 bits", 0.05] > 0.5
assert steps["16 bits", 0.05] == steps["16 bits", 0.5]
assert abs(steps["16 bits", 0.05] - blur) < 1e-3
EOF
