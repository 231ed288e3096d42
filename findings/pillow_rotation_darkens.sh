#!/usr/bin/env bash
# Pillow: rotate and transform cut fractions of a level off, and so darken; OpenCV rounds
#
# Believed: 8-bit results of interpolation are rounded to the nearest level.
# Found: rotate and transform (BILINEAR) drop the fraction, so what lies between pixels is 0.4 levels too
#   dark on average. Ten small registrations of a frame, or augmentations of a pair, take nearly four
#   levels away. OpenCV rounds.
#
# Run on 2026-11-29, Python 3.11.7, pillow 13.0.0, opencv-python-headless 5.0.0.93, scikit-image 0.26.0,
#   numpy 2.4.6. Output:
#   levels gained after                     1 move   10 moves there and back
#   Pillow transform                         -0.43      -3.56
#   OpenCV warpAffine                         0.00      -0.02
#   Pillow rotate by half a degree           -0.49
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  pillow==13.0.0 opencv-python-headless==5.0.0.93 scikit-image==0.26.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import cv2
import numpy as np
from PIL import Image
from skimage import data

photograph = data.coffee()
height, width = photograph.shape[:2]
size, inside = (width, height), np.s_[30:-30, 30:-30]


def pillow(picture: np.ndarray, dx: float) -> np.ndarray:
    coefficients = (1, 0, -dx, 0, 1, 0)
    moved = Image.fromarray(picture).transform(
        size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR
    )
    return np.asarray(moved)


def opencv(picture: np.ndarray, dx: float) -> np.ndarray:
    return cv2.warpAffine(picture, np.array([[1, 0, dx], [0, 1, 0]], np.float32), size)


print("levels gained after                     1 move   10 moves there and back")
found = {}
for name, move in (("Pillow transform", pillow), ("OpenCV warpAffine", opencv)):
    # The exact answer, of the same moves of floats, is subtracted.
    picture, exact = photograph, photograph.astype(np.float32)
    for step in range(10):
        dx = 0.3 if step % 2 == 0 else -0.3
        picture, exact = move(picture, dx), opencv(exact, dx)
        found[name, step + 1] = float((picture - exact)[inside].mean())
    print(f"{name:38} {found[name, 1]:7.2f} {found[name, 10]:10.2f}")
turned = Image.fromarray(photograph).rotate(0.5, Image.Resampling.BILINEAR)
matrix = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), 0.5, 1)
exact = cv2.warpAffine(photograph.astype(np.float32), matrix, size)
darker = float((np.asarray(turned) - exact)[inside].mean())
print(f"Pillow rotate by half a degree         {darker:7.2f}")
assert found["Pillow transform", 1] < -0.3 and found["Pillow transform", 10] < -3
assert abs(found["OpenCV warpAffine", 1]) < 0.1 and abs(found["OpenCV warpAffine", 10]) < 0.5
assert darker < -0.3
EOF
