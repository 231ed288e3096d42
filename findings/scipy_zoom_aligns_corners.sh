#!/usr/bin/env bash
# SciPy: ndimage.zoom by 0.5 takes other positions than Pillow, OpenCV and torch
#
# Believed: a factor of 0.5 halves the picture about the same centres as any resize does.
# Found: zoom lays the outermost pixel centres upon each other, so its step is (n - 1) / (m - 1),
#   not n / m; at the border it is half an input pixel off, and a mask zoomed this way does not
#   lie over a picture resized by Pillow. grid_mode=True with mode="nearest" gives the usual
#   positions.
#
# Run on 2026-11-28, Python 3.11.7, scipy 1.17.0, opencv-python-headless 5.0.0.93, numpy 2.4.6. Output:
#   SciPy 1.17.0, OpenCV 5.0.0: positions of the first and last pixels
#   zoom             [0.   2.03] ... [63.]
#   zoom, grid_mode  [0.5 2.5] ... [62.5]
#   OpenCV           [0.5 2.5] ... [62.5]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  scipy==1.17.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
venv/bin/python - <<'EOF'
import cv2
import numpy as np
import scipy
from scipy.ndimage import zoom

ramp = np.tile(np.arange(64.0), (64, 1))
by_zoom = zoom(ramp, 0.5, order=1)[0]
by_grid = zoom(ramp, 0.5, order=1, grid_mode=True, mode="nearest")[0]
by_opencv = cv2.resize(ramp, (32, 32), interpolation=cv2.INTER_LINEAR)[0]
print(f"SciPy {scipy.__version__}, OpenCV {cv2.__version__}: positions of the first and last pixels")
for name, row in (("zoom", by_zoom), ("zoom, grid_mode", by_grid), ("OpenCV", by_opencv)):
    print(f"{name:16} {row[:2].round(2)} ... {row[-1:].round(2)}")
assert by_zoom[0] == 0 and by_zoom[-1] == 63
assert np.allclose(by_grid, by_opencv) and by_opencv[0] == 0.5
EOF
