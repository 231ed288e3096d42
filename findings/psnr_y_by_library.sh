#!/usr/bin/env bash
# OpenCV, kornia, pyiqa: PSNR of "the Y channel" is 1.3 dB below the one of the papers
#
# Believed: any library's Y of YCbCr gives the PSNR-Y that papers on deraining report.
# Found: papers use MATLAB's rgb2ycbcr, whose Y has 219 levels (16 to 235) while PSNR keeps 255 as
#   its peak: 20 log10(255/219) = 1.32 dB more than with the full-range Y of OpenCV, kornia,
#   Pillow and of pyiqa's "psnry". scikit-image's rgb2ycbcr is MATLAB's.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, scikit-image 0.26.0, opencv-python-headless
#   5.0.0.93, kornia 0.9.0, pyiqa 0.1.16, pillow 13.0.0, numpy 2.4.6. Output:
#   scikit-image rgb2ycbcr   31.58 dB
#   OpenCV COLOR_RGB2YCrCb   30.25 dB
#   Pillow convert('YCbCr')  30.26 dB
#   kornia rgb_to_y          30.26 dB
#   pyiqa psnry              30.26 dB
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torch==2.15.0 scikit-image==0.26.0 opencv-python-headless==5.0.0.93 kornia==0.9.0 \
  pyiqa==0.1.16 pillow==13.0.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import warnings

warnings.simplefilter("ignore")
import cv2
import kornia
import numpy as np
import pyiqa
import torch
from PIL import Image
from skimage import data
from skimage.color import rgb2ycbcr

clean = data.astronaut()[:321, :481]
noise = np.random.default_rng(0).normal(0, 12, clean.shape)
noisy = np.clip(clean + noise, 0, 255).round().astype(np.uint8)
tensors = [torch.from_numpy(x).permute(2, 0, 1)[None].float() / 255 for x in (noisy, clean)]


def psnr(luma) -> float:
    a, b = (np.asarray(luma(x), float) for x in (clean, noisy))
    return 10 * np.log10(255**2 / np.mean((a - b) ** 2))


found = {
    "scikit-image rgb2ycbcr": psnr(lambda x: rgb2ycbcr(x)[..., 0]),
    "OpenCV COLOR_RGB2YCrCb": psnr(lambda x: cv2.cvtColor(x, cv2.COLOR_RGB2YCrCb)[..., 0]),
    "Pillow convert('YCbCr')": psnr(lambda x: np.asarray(Image.fromarray(x).convert("YCbCr"))[..., 0]),
    "kornia rgb_to_y": psnr(lambda x: 255 * kornia.color.rgb_to_y(torch.from_numpy(x).permute(2, 0, 1) / 255)),
    "pyiqa psnry": float(pyiqa.create_metric("psnry", device="cpu")(*tensors)),
}
for name, value in found.items():
    print(f"{name:24} {value:.2f} dB")
papers = found.pop("scikit-image rgb2ycbcr")
assert all(1.2 < papers - value < 1.4 for value in found.values())
EOF
