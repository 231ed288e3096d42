#!/usr/bin/env bash
# torchmetrics: one black pixel in one picture makes the spectral angle of the whole set NaN
#
# Believed: SpectralAngleMapper is the mean angle between colours; a pixel without a colour is left out,
#   as by sewar's sam, or counts as 0.
# Found: a pixel that is 0 in all channels, in the estimate or in the truth, divides 0 by 0. The mean over
#   the picture is NaN, and so is that over all pictures of the set. Clamped estimates of dark scenes
#   have such pixels, and so has every picture with a black border.
# Source: torchmetrics/functional/image/sam.py, _sam_compute.
#
# Run on 2026-11-29, Python 3.11.7, torchmetrics 1.9.0, sewar 0.4.10, torch 2.15.0, numpy 2.4.6. Output:
#   noisy: torchmetrics 0.0723, sewar 0.0723 rad
#   black: torchmetrics nan, sewar 0.0723 rad
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torchmetrics==1.9.0 sewar==0.4.10 torch==2.15.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import math

import torch
from sewar.full_ref import sam
from torchmetrics.image import SpectralAngleMapper

generator = torch.Generator().manual_seed(0)
clean = torch.rand(8, 3, 64, 64, generator=generator) * 0.8 + 0.1
noisy = (clean + 0.05 * torch.randn(clean.shape, generator=generator)).clamp(0.05, 1)
black = noisy.clone()
black[3, :, 10, 20] = 0


def mean_angle(estimates: torch.Tensor) -> float:
    """Return the value of a set that comes picture by picture, as in an evaluation."""
    metric = SpectralAngleMapper()
    for estimate, truth in zip(estimates, clean, strict=True):
        metric.update(estimate[None], truth[None])
    return float(metric.compute())


def by_sewar(estimates: torch.Tensor) -> float:
    pairs = (
        (truth.permute(1, 2, 0).numpy(), estimate.permute(1, 2, 0).numpy())
        for truth, estimate in zip(clean, estimates, strict=True)
    )
    return sum(float(sam(*pair)) for pair in pairs) / len(clean)


found = {name: (mean_angle(of), by_sewar(of)) for name, of in (("noisy", noisy), ("black", black))}
for name, (ours, theirs) in found.items():
    print(f"{name}: torchmetrics {ours:.4f}, sewar {theirs:.4f} rad")
assert abs(found["noisy"][0] - found["noisy"][1]) < 1e-4
assert math.isnan(found["black"][0]) and abs(found["black"][1] - found["noisy"][1]) < 1e-4
EOF
