#!/usr/bin/env bash
# piq: SR-SIM of a pair of pictures depends on the other pairs of its batch
#
# Believed: with reduction="none" a measure says of each pair what it would say of it alone, as
#   PSNR, SSIM, FSIM, VSI and GMSD of piq do.
# Found: srsim scales its saliency maps by the least and the largest value of the whole batch, not
#   of each picture. A noisy photograph has 0.903 alone and 0.898 beside another one. The mean over
#   a set hangs on the size and the order of its batches, and SRSIMLoss on the neighbours of a crop.
#   Measure one pair at a time.
# Source: piq/srsim.py, _spectral_residual_visual_saliency, torch.min and torch.max without dim.
#
# Run on 2026-11-28, Python 3.11.7, piq 0.8.0, torch 2.15.0, torchvision 0.29.2, scikit-image
#   0.26.0, numpy 2.4.6. Output:
#   one pair           alone   beside coffee   beside astronaut
#   srsim             0.9027          0.8984             0.8982
#   fsim              0.7478          0.7478             0.7478
#   vsi               0.9231          0.9231             0.9231
#   gmsd              0.0764          0.0764             0.0764
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  piq==0.8.0 torch==2.15.0 torchvision==0.29.2 scikit-image==0.26.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import piq
import torch
from skimage import data


def photograph(name: str) -> torch.Tensor:
    pixels = torch.from_numpy(getattr(data, name)()[40:296, 40:296])
    return pixels.permute(2, 0, 1)[None].float() / 255


torch.manual_seed(0)
rocket, coffee, astronaut = (photograph(name) for name in ("rocket", "coffee", "astronaut"))
noisy = (rocket + 0.05 * torch.randn_like(rocket)).clamp(0, 1)
print("one pair           alone   beside coffee   beside astronaut")
apart = {}
for measure in (piq.srsim, piq.fsim, piq.vsi, piq.gmsd):
    values = [float(measure(noisy, rocket))]
    for other in (coffee, astronaut):
        both = measure(torch.cat([noisy, other]), torch.cat([rocket, other]), reduction="none")
        values.append(float(both[0]))
    apart[measure.__name__] = max(values) - min(values)
    print(f"{measure.__name__:16} {values[0]:7.4f} {values[1]:15.4f} {values[2]:18.4f}")
assert apart.pop("srsim") > 0.003
assert max(apart.values()) < 1e-5
EOF
