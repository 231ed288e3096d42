#!/usr/bin/env bash
# segmentation-models-pytorch: with ignore_index, two cross-entropies still divide by the ignored pixels
#
# Believed: ignored pixels are left out of the mean, as in torch's cross_entropy and smp's own Dice and focal
#   losses: a picture padded to twice its size has the loss of the picture.
# Found: in SoftBCEWithLogitsLoss and SoftCrossEntropyLoss ignored pixels have a loss of 0 and are counted in
#   the mean: half of a picture ignored halves its loss and its gradient. Sparsely labelled pictures count
#   for next to nothing, and a sum with a Dice loss shifts from picture to picture.
# Source: segmentation_models_pytorch/losses, soft_bce.py and soft_ce.py / _functional.py.
#
# Run on 2026-11-29, Python 3.11.7, segmentation-models-pytorch 0.6.0, torch 2.15.0. Output:
#   loss of                 the right quarter   all but it ignored
#   SoftBCEWithLogitsLoss          0.807                0.202
#   SoftCrossEntropyLoss           1.717                0.429
#   DiceLoss                       0.753                0.753
#   FocalLoss                      0.344                0.344
#   torch cross_entropy            1.717                1.717
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python segmentation-models-pytorch==0.6.0 torch==2.15.0
venv/bin/python - <<'EOF'
import warnings

warnings.simplefilter("ignore")
import segmentation_models_pytorch as smp
import torch
import torch.nn.functional as F

torch.manual_seed(0)
one, many = torch.randn(2, 1, 64, 64), torch.randn(2, 4, 64, 64)
rain, classes = (torch.rand(2, 1, 64, 64) > 0.5).float(), torch.randint(0, 4, (2, 64, 64))


def soft_ce(**options: int):
    return smp.losses.SoftCrossEntropyLoss(smooth_factor=0.0, **options)


losses = {
    "SoftBCEWithLogitsLoss": (smp.losses.SoftBCEWithLogitsLoss, one, rain),
    "SoftCrossEntropyLoss": (soft_ce, many, classes),
    "DiceLoss": (lambda **o: smp.losses.DiceLoss("multiclass", **o), many, classes),
    "FocalLoss": (lambda **o: smp.losses.FocalLoss("multiclass", **o), many, classes),
    "torch cross_entropy": (
        lambda **o: lambda logits, truth: F.cross_entropy(logits, truth, **o), many, classes
    ),
}
print("loss of                 the right quarter   all but it ignored")
for name, (loss, logits, truth) in losses.items():
    ignored = truth.clone()
    ignored[..., :48] = 255
    alone = float(loss()(logits[..., 48:], truth[..., 48:]))
    whole = float(loss(ignore_index=255)(logits, ignored))
    print(f"{name:24} {alone:11.3f} {whole:20.3f}")
    assert abs(whole / alone - (0.25 if name.startswith("Soft") else 1)) < 1e-4
EOF
