#!/usr/bin/env bash
# OpenCV: IMREAD_REDUCED_COLOR_8 averages a JPEG's pixels, of a PNG, WebP or TIFF it takes four of 64
#
# Believed: reading at an eighth of the size gives the same small picture whatever the file's format; the
#   format decides how fast that is.
# Found: the JPEG decoder scales as it decodes and averages blocks of 8x8. For every other format the whole
#   picture is decoded and resized bilinearly without antialiasing, from the four pixels in the middle of
#   each block: grain, rain and texture stay as noise. At a half both agree. A set of mixed formats is
#   read in two ways.
#
# Run on 2026-11-29, Python 3.11.7, opencv-python-headless 5.0.0.93, scikit-image 0.26.0, numpy 2.4.6.
#   Output:
#   PSNR of the small picture against the mean of each block
#   jpg   half  50.1 dB   eighth  52.5 dB
#   png   half  58.4 dB   eighth  25.8 dB
#   webp  half  58.4 dB   eighth  25.8 dB
#   tif   half  58.4 dB   eighth  25.8 dB
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  opencv-python-headless==5.0.0.93 scikit-image==0.26.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import cv2
import numpy as np
from skimage import data

photograph = data.coffee()
height, width = photograph.shape[:2]
grain = np.random.default_rng(0).normal(0, 12, (height, width, 1))
noisy = np.clip(photograph + grain, 0, 255).round().astype(np.uint8)


def blocks(size: int) -> np.ndarray:
    return noisy.reshape(height // size, size, width // size, size, 3).astype(float)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / ((a - b) ** 2).mean()))


print("PSNR of the small picture against the mean of each block")
found = {}
for name, options in {"jpg": [cv2.IMWRITE_JPEG_QUALITY, 100], "png": [], "webp": [], "tif": []}.items():
    assert cv2.imwrite(f"x.{name}", noisy[:, :, ::-1], options)
    for size in (2, 8):
        small = cv2.imread(f"x.{name}", getattr(cv2, f"IMREAD_REDUCED_COLOR_{size}"))[:, :, ::-1]
        found[name, size] = psnr(small, blocks(size).mean((1, 3)))
        if name != "jpg" and size == 8:
            middle = blocks(8)[:, 3:5, :, 3:5].mean((1, 3))
            assert psnr(small, middle) > 50
    print(f"{name:5} half {found[name, 2]:5.1f} dB   eighth {found[name, 8]:5.1f} dB")
assert found["jpg", 8] > 40 and all(found[name, 8] < 32 for name in ("png", "webp", "tif"))
assert all(found[name, 2] > 40 for name in ("jpg", "png", "webp", "tif"))
EOF
