#!/usr/bin/env bash
# torchmetrics: VIF of pictures in [0, 1] is about 1 for any noise; it counts levels of 255
#
# Believed: VisualInformationFidelity takes pictures in [0, 1], like torchmetrics' other measures of
#   pictures that have no data_range (LPIPS, UQI, ...), or finds out their range.
# Found: the noise of the eye is a variance of 2, in levels of 0 to 255, and it has no data_range. A
#   picture in [0, 1] drowns in it: whatever noise is added to the photograph, VIF is about 1. Handed 255
#   times the pictures it is that of sewar; piq scales by its data_range, and measures the luma. Nothing is
#   raised or warned of, and the documentation, whose example is of randn, names no range.
# Source: torchmetrics/functional/image/vif.py, sigma_n_sq: float = 2.0.
#
# Run on 2026-11-28, Python 3.11.7, torchmetrics 1.9.0, sewar 0.4.10, piq 0.8.0, torch 2.15.0,
#   torchvision 0.29.2, scikit-image 0.26.0, numpy 2.4.6. Output:
#   noise      sewar  255 x  [0, 1]    piq
#   sigma  6  0.409  0.409  1.002  0.522
#   sigma 12  0.250  0.250  1.006  0.330
#   sigma 24  0.132  0.132  0.995  0.177
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python torchmetrics==1.9.0 sewar==0.4.10 piq==0.8.0 \
  torch==2.15.0 torchvision==0.29.2 scikit-image==0.26.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import numpy as np
import piq
import torch
from sewar.full_ref import vifp
from skimage import data
from torchmetrics.functional.image import visual_information_fidelity

rocket = data.rocket()[40:296, 40:296]
print("noise      sewar  255 x  [0, 1]    piq")
found = []
for sigma in (6, 12, 24):
    noise = np.random.default_rng(0).normal(0, sigma, rocket.shape)
    noisy = np.clip(rocket + noise, 0, 255).round().astype(np.uint8)
    a, b = (torch.tensor(x / 255).permute(2, 0, 1)[None] for x in (noisy, rocket))
    row = [
        float(vifp(rocket, noisy)),
        float(visual_information_fidelity(255 * a, 255 * b)),
        float(visual_information_fidelity(a, b)),
        float(piq.vif_p(a, b)),
    ]
    found.append(row)
    print(f"sigma {sigma:2}  " + "  ".join(f"{x:.3f}" for x in row))
assert all(abs(truth - in_255) < 1e-6 and in_1 > 0.98 for truth, in_255, in_1, _ in found)
assert found[0][0] > 2 * found[2][0]
EOF
