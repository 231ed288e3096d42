#!/usr/bin/env bash
# Pillow, OpenCV, torch: moved by a tenth of a pixel with "bicubic", a picture moves 0.17, 0.14 or 0.14
#
# Believed: cubic interpolation is at least as exact as linear, which moves a slope of brightness by just
#   what was asked for; and Pillow's BICUBIC is one filter, in resize as in transform and rotate.
# Found: Keys' cubic reproduces a slope only with a = -0.5. Pillow's resize has that; Pillow's transform
#   (and with it rotate) has a = -1, which overshoots edges twice as far and doubles small shifts;
#   OpenCV and torch have a = -0.75, which makes them half as large again. torch's gradient by the
#   position, as optical flow is trained with, is 1.5 times that of the picture at whole pixels.
#   scikit-image, SciPy's splines and OpenCV's linear mode are exact. At half a pixel all agree.
#
# Run on 2026-11-29, Python 3.11.7, pillow 13.0.0, opencv-python-headless 5.0.0.93, torch 2.15.0, scipy
#   1.17.1, scikit-image 0.26.0, numpy 2.4.6. Output:
#   asked for               0.01   0.10   0.25   0.50
#   Pillow transform       0.020  0.172  0.344  0.500
#   Pillow resize          0.010  0.100  0.250  0.500
#   OpenCV warpAffine      0.015  0.136  0.297  0.500
#   torch grid_sample      0.015  0.136  0.297  0.500
#   scikit-image warp      0.010  0.100  0.250  0.500
#   SciPy shift            0.010  0.100  0.250  0.500
#   OpenCV, linear         0.010  0.100  0.250  0.500
#   gradient of torch's at a whole pixel, where the slope is 1: 1.50
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  pillow==13.0.0 opencv-python-headless==5.0.0.93 torch==2.15.0 scipy==1.17.1 \
  scikit-image==0.26.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import cv2
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy import ndimage
from skimage import transform

HEIGHT, WIDTH = 16, 200
slope = np.tile(np.arange(WIDTH, dtype=np.float32), (HEIGHT, 1))


def grid(shift: float) -> torch.Tensor:
    matrix = torch.tensor([[[1, 0, -2 * shift / WIDTH], [0, 1, 0]]], dtype=torch.float32)
    return F.affine_grid(matrix, (1, 1, HEIGHT, WIDTH), align_corners=False)


def moved_by_torch(where: torch.Tensor) -> torch.Tensor:
    picture = torch.tensor(slope)[None, None]
    return F.grid_sample(picture, where, mode="bicubic", align_corners=False)[0, 0]


print("asked for             " + " ".join(f"{shift:6.2f}" for shift in (0.01, 0.1, 0.25, 0.5)))
found: dict[str, list[float]] = {}
for shift in (0.01, 0.1, 0.25, 0.5):
    matrix = np.array([[1, 0, shift], [0, 1, 0]], np.float32)
    coefficients = (1, 0, -shift, 0, 1, 0)
    back = transform.AffineTransform(translation=(-shift, 0))
    size = (WIDTH, HEIGHT)
    moved = {
        "Pillow transform": np.asarray(
            Image.fromarray(slope).transform(
                size, Image.Transform.AFFINE, coefficients, Image.Resampling.BICUBIC
            )
        ),
        "Pillow resize": np.asarray(
            Image.fromarray(slope).resize(
                (WIDTH - 2, HEIGHT),
                Image.Resampling.BICUBIC,
                box=(1 - shift, 0, WIDTH - 1 - shift, HEIGHT),
            )
        ),
        "OpenCV warpAffine": cv2.warpAffine(slope, matrix, size, flags=cv2.INTER_CUBIC),
        "torch grid_sample": moved_by_torch(grid(shift)).numpy(),
        "scikit-image warp": transform.warp(slope, back, order=3, preserve_range=True),
        "SciPy shift": ndimage.shift(slope, (0, shift), order=3),
        "OpenCV, linear": cv2.warpAffine(slope, matrix, size, flags=cv2.INTER_LINEAR),
    }
    for name, picture in moved.items():
        start = 1 if name == "Pillow resize" else 0
        error = slope[8, 50:150] - picture[8, 50 - start : 150 - start]
        found.setdefault(name, []).append(float(error.mean()))
for name, shifts in found.items():
    print(f"{name:22}" + " ".join(f"{shift:6.3f}" for shift in shifts))
where = grid(0).requires_grad_()
moved_by_torch(where)[8, 100].backward()
gradient = float(where.grad[0, 8, 100, 0]) / (WIDTH / 2)
print(f"gradient of torch's at a whole pixel, where the slope is 1: {gradient:.2f}")
for name, at_once in (("Pillow transform", 0.0197), ("OpenCV warpAffine", 0.0149)):
    assert abs(found[name][0] - at_once) < 2e-4
assert abs(found["torch grid_sample"][0] - 0.0149) < 3e-4
for name in ("Pillow resize", "scikit-image warp", "SciPy shift", "OpenCV, linear"):
    assert abs(found[name][0] - 0.01) < 2e-4
assert abs(gradient - 1.5) < 1e-3
EOF
