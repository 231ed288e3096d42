#!/usr/bin/env bash
# segmentation-models-pytorch: Dice loss of a batch without the class is 0, whatever is predicted
#
# Believed: a mask that is all background, predicted as all rain, has a Dice loss near 1, as MONAI says, and
#   falls as the prediction gets better.
# Found: in its Dice, Jaccard and Tversky losses the loss of a class is multiplied by whether the batch holds
#   a single pixel of it. Without one, loss and gradient are 0 however much of it is predicted; with one
#   more pixel in the batch the same prediction costs 1. So false alarms in dry photographs cost nothing
#   at batch size 1, and something at batch size 8. Lovasz, of the same library, counts them; MONAI's
#   Dice says 1, but hardly has a gradient.
# Source: segmentation_models_pytorch/losses/dice.py, `mask = y_true.sum(dims) > 0`.
#
# Run on 2026-11-29, Python 3.11.7, segmentation-models-pytorch 0.6.0, monai 1.6.1, torch 2.15.0. Output:
#   loss and norm of its gradient where rain (p = 0.88) is predicted all over two pictures, of which
#                none has rain   the second has one pixel of it
#   smp Dice     0.000 0.0e+00   1.000 2.9e-05
#   smp Jaccard  0.000 0.0e+00   1.000 1.5e-05
#   smp Tversky  0.000 0.0e+00   1.000 2.9e-05
#   smp Lovasz   3.000 1.0e+00   3.000 5.4e-01
#   MONAI Dice   1.000 3.7e-12   1.000 2.9e-05
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  segmentation-models-pytorch==0.6.0 monai==1.6.1 torch==2.15.0
venv/bin/python - <<'EOF'
import warnings

warnings.simplefilter("ignore")
import segmentation_models_pytorch as smp
import torch
from monai.losses import DiceLoss

dry = torch.zeros(2, 1, 64, 64)
one_pixel = dry.clone()
one_pixel[1, 0, 0, 0] = 1
losses = {
    "smp Dice": smp.losses.DiceLoss("binary"),
    "smp Jaccard": smp.losses.JaccardLoss("binary"),
    "smp Tversky": smp.losses.TverskyLoss("binary"),
    "smp Lovasz": smp.losses.LovaszLoss("binary"),
    "MONAI Dice": DiceLoss(sigmoid=True),
}
print("loss and norm of its gradient where rain (p = 0.88) is predicted all over two pictures, of which")
print("             none has rain   the second has one pixel of it")
found = {}
for name, loss in losses.items():
    for truth in (dry, one_pixel):
        logits = torch.full_like(dry, 2.0, requires_grad=True)
        value = loss(logits, truth)
        value.backward()
        found.setdefault(name, []).append((float(value.detach()), float(logits.grad.norm())))
    print(f"{name:12} " + "   ".join(f"{value:.3f} {slope:.1e}" for value, slope in found[name]))
for name in ("smp Dice", "smp Jaccard", "smp Tversky"):
    assert found[name][0] == (0, 0) and found[name][1][0] > 0.99
for name in ("smp Lovasz", "MONAI Dice"):
    assert found[name][0][0] > 0.99
EOF
