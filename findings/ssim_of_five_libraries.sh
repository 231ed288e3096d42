#!/usr/bin/env bash
# scikit-image, torchmetrics, kornia, piq, pyiqa: one pair of pictures, five values of "SSIM"
#
# Believed: with the window of Wang et al. (11x11, sigma 1.5) all libraries agree to the third
#   digit.
# Found: torchmetrics and kornia also average windows over mirrored borders; piq first shrinks
#   pictures whose shorter side is 384 or more; pyiqa's "ssim" is that of its own luma, "ssimc"
#   that of the colours; scikit-image's gaussian SSIM agrees with Wang's only with
#   use_sample_covariance=False. The interior values (kornia with padding="valid", piq without
#   downsample, ssimc) agree to 1e-4.
# Source: the five functions' documentation; Wang et al. 2004.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, scikit-image 0.26.0, torchmetrics 1.9.0,
#   kornia 0.9.0, piq 0.8.0, pyiqa 0.1.16, numpy 2.4.6. Output:
#   scikit-image, as Wang  64x64 0.4814   512x512 0.3950
#   scikit-image, plain    64x64 0.5308   512x512 0.4228
#   torchmetrics           64x64 0.4782   512x512 0.3909
#   kornia                 64x64 0.4782   512x512 0.3909
#   kornia, valid          64x64 0.4814   512x512 0.3950
#   piq                    64x64 0.4814   512x512 0.6961
#   piq, not shrunk        64x64 0.4814   512x512 0.3950
#   pyiqa ssim             64x64 0.6305   512x512 0.5176
#   pyiqa ssimc            64x64 0.4815   512x512 0.3950
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torch==2.15.0 scikit-image==0.26.0 torchmetrics==1.9.0 kornia==0.9.0 piq==0.8.0 \
  pyiqa==0.1.16 numpy==2.4.6
venv/bin/python - <<'EOF'
import warnings

warnings.simplefilter("ignore")
import kornia
import numpy as np
import piq
import pyiqa
import torch
from skimage import data
from skimage.metrics import structural_similarity
from torchmetrics.functional.image import structural_similarity_index_measure

wang = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False)
judges = {name: pyiqa.create_metric(name, device="cpu") for name in ("ssim", "ssimc")}


def values(side: int) -> dict[str, float]:
    clean = data.astronaut()[:side, :side].astype(np.float32) / 255
    noise = np.random.default_rng(0).normal(0, 0.08, clean.shape).astype(np.float32)
    noisy = np.clip(clean + noise, 0, 1)
    a, b = (torch.from_numpy(x).permute(2, 0, 1)[None].contiguous() for x in (clean, noisy))
    return {
        "scikit-image, as Wang": structural_similarity(clean, noisy, channel_axis=2, data_range=1, **wang),
        "scikit-image, plain": structural_similarity(clean, noisy, channel_axis=2, data_range=1),
        "torchmetrics": float(structural_similarity_index_measure(b, a, data_range=1.0)),
        "kornia": float(kornia.metrics.ssim(a, b, 11).mean()),
        "kornia, valid": float(kornia.metrics.ssim(a, b, 11, padding="valid").mean()),
        "piq": float(piq.ssim(a, b, data_range=1.0)),
        "piq, not shrunk": float(piq.ssim(a, b, data_range=1.0, downsample=False)),
        "pyiqa ssim": float(judges["ssim"](b, a)),
        "pyiqa ssimc": float(judges["ssimc"](b, a)),
    }


small, large = values(64), values(512)
for name in small:
    print(f"{name:22} 64x64 {small[name]:.4f}   512x512 {large[name]:.4f}")
for found in (small, large):
    truth = found["scikit-image, as Wang"]
    assert all(abs(found[n] - truth) < 1e-4 for n in ("kornia, valid", "piq, not shrunk"))
    assert abs(found["pyiqa ssimc"] - truth) < 1e-3
    assert all(abs(found[n] - truth) > 2e-3 for n in ("torchmetrics", "kornia", "pyiqa ssim"))
assert large["piq"] - large["piq, not shrunk"] > 0.2
EOF
