#!/usr/bin/env bash
# Pillow BOX and OpenCV INTER_AREA: both "area", they differ whenever the factor is no integer
#
# Believed: both average the area that an output pixel covers, with fractions at its rim.
# Found: OpenCV weighs rim pixels by the covered fraction. Pillow's BOX takes whole pixels whose
#   centres lie within, each with equal weight, so an output pixel shifts by up to half an input
#   pixel. With integer factors both are the same mean.
#
# Run on 2026-11-28, Python 3.11.7, pillow 13.0.0, opencv-python-headless 5.0.0.93, numpy 2.4.6. Output:
#   Pillow 13.0.0, OpenCV 5.0.0
#   0 0 100 0 0 shrunk to two: Pillow [33.3  0. ], OpenCV [20. 20.]
#   480x320 to 240x160: 1 levels apart, to 200x133: 61
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
venv/bin/python - <<'EOF'
import cv2
import numpy as np
import PIL
from PIL import Image

noise = np.random.default_rng(0).integers(0, 256, (320, 480, 3), dtype=np.uint8)


def difference(width: int, height: int) -> np.ndarray:
    pillow = np.asarray(Image.fromarray(noise).resize((width, height), Image.BOX), int)
    return np.abs(pillow - cv2.resize(noise, (width, height), interpolation=cv2.INTER_AREA))


row = np.array([[0, 0, 100, 0, 0]], np.float32)
pillow_row = np.asarray(Image.fromarray(row).resize((2, 1), Image.BOX))[0]
opencv_row = cv2.resize(row, (2, 1), interpolation=cv2.INTER_AREA)[0]
print(f"Pillow {PIL.__version__}, OpenCV {cv2.__version__}")
print(f"0 0 100 0 0 shrunk to two: Pillow {pillow_row.round(1)}, OpenCV {opencv_row.round(1)}")
print(f"480x320 to 240x160: {difference(240, 160).max()} levels apart, to 200x133: {difference(200, 133).max()}")
assert difference(240, 160).max() <= 1 and difference(200, 133).max() > 20
assert not np.allclose(pillow_row, opencv_row, atol=5)
EOF
