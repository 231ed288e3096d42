#!/usr/bin/env bash
# torchmetrics: PSNR over a data set is the PSNR of the pooled error, not the mean of the pictures' PSNR
#
# Believed: PeakSignalNoiseRatio, fed picture by picture, returns the mean of their PSNR, as
#   papers report.
# Found: it sums squared errors over all pictures and takes one logarithm, so the worst pictures
#   decide: four pictures at 60, 40, 26 and 20 dB (mean 36.5) come out as 25.0 dB. With dim=(1, 2,
#   3) it reports the mean of PSNR per picture.
# Source: the arguments `dim` and `reduction` of torchmetrics.image.PeakSignalNoiseRatio.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, torchmetrics 1.9.0, numpy 2.4.6. Output:
#   torchmetrics 1.9.0: mean of the pictures' PSNR 36.51 dB
#   PeakSignalNoiseRatio 25.02 dB, with dim=(1, 2, 3) 36.51 dB
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torch==2.15.0 torchmetrics==1.9.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import torch
import torchmetrics
from torchmetrics.image import PeakSignalNoiseRatio

clean = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 0.8
error = torch.tensor([0.001, 0.01, 0.05, 0.1])[:, None, None, None]
mean_of_pictures = float((-20 * torch.log10(error)).mean())
pooled = PeakSignalNoiseRatio(data_range=1.0)
by_picture = PeakSignalNoiseRatio(data_range=1.0, dim=(1, 2, 3))
for picture, shift in zip(clean, error):
    pooled.update((picture + shift)[None], picture[None])
    by_picture.update((picture + shift)[None], picture[None])
print(f"torchmetrics {torchmetrics.__version__}: mean of the pictures' PSNR {mean_of_pictures:.2f} dB")
print(f"PeakSignalNoiseRatio {pooled.compute():.2f} dB, with dim=(1, 2, 3) {by_picture.compute():.2f} dB")
assert abs(float(pooled.compute()) - mean_of_pictures) > 10
assert abs(float(by_picture.compute()) - mean_of_pictures) < 0.01
EOF
