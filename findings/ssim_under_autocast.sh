#!/usr/bin/env bash
# torchmetrics and piq: SSIM inside autocast loses its variances to bfloat16; kornia's does not
#
# Believed: a loss computed within torch.autocast stays in float32, as its inputs are float32.
# Found: SSIM takes its local means by conv2d, which autocast runs in bfloat16; the variance
#   E[x^2] - E[x]^2 of a bright smooth area then is rounding noise. Two pictures of SSIM 0.999 get
#   0.3 from torchmetrics and 0.97 from piq, and the gradient follows the noise. kornia gives the
#   float32 value. Compute the loss outside autocast.
# Source: the operations of autocast on CPU include conv2d.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, scikit-image 0.26.0, torchmetrics 1.9.0,
#   kornia 0.9.0, piq 0.8.0, numpy 2.4.6. Output:
#   torchmetrics  float32 0.9994, within autocast 0.2633
#   piq           float32 0.9994, within autocast 0.9727
#   kornia        float32 0.9994, within autocast 0.9994
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torch==2.15.0 scikit-image==0.26.0 torchmetrics==1.9.0 kornia==0.9.0 piq==0.8.0 \
  numpy==2.4.6
venv/bin/python - <<'EOF'
import kornia
import piq
import torch
from skimage import data
from torchmetrics.functional.image import structural_similarity_index_measure

torch.manual_seed(0)
photograph = torch.from_numpy(data.astronaut()).permute(2, 0, 1)[None].float().contiguous() / 255
sky = 0.8 + 0.01 * photograph  # bright and smooth
other = 0.8 + 0.01 * (photograph + 0.08 * torch.randn_like(photograph)).clamp(0, 1)
libraries = {
    "torchmetrics": lambda: structural_similarity_index_measure(other, sky, data_range=1.0),
    "piq": lambda: piq.ssim(other, sky, data_range=1.0, downsample=False),
    "kornia": lambda: kornia.metrics.ssim(other, sky, 11).mean(),
}
found = {}
for name, ssim in libraries.items():
    plain = float(ssim())
    with torch.autocast("cpu", torch.bfloat16):
        found[name] = plain, float(ssim())
    print(f"{name:13} float32 {plain:.4f}, within autocast {found[name][1]:.4f}")
assert found["torchmetrics"][0] > 0.999 and found["torchmetrics"][1] < 0.9
assert found["piq"][0] > 0.999 and found["piq"][1] < 0.995
assert abs(found["kornia"][0] - found["kornia"][1]) < 1e-4
EOF
