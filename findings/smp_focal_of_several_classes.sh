#!/usr/bin/env bash
# segmentation-models-pytorch: FocalLoss("multiclass") knows no softmax: each logit has its own sigmoid
#
# Believed: with gamma=0 a focal loss is cross-entropy, of a softmax where mode is "multiclass", as smp's
#   Dice, Jaccard and Tversky losses take softmax there (from_logits).
# Found: each class's logit goes through a sigmoid of its own, and the classes' means are summed and divided by
#   their number. Adding 6 to all logits, which changes no softmax and no argmax, raises the loss
#   thirtyfold; a prediction that is right and certain by softmax can cost more than a wrong one. In a sum
#   with DiceLoss("multiclass") the two terms pull the logits' level apart.
# Source: segmentation_models_pytorch/losses/focal.py, the loop over classes.
#
# Run on 2026-11-29, Python 3.11.7, segmentation-models-pytorch 0.6.0, torch 2.15.0. Output:
#   the first of three classes is right  softmax  cross-entropy  focal, gamma 0  focal, gamma 2
#   right, as centred logits                0.995          0.005           0.091           0.001
#   right, all logits + 6                   0.995          0.005           2.679           2.583
#   undecided                               0.333          1.099           0.693           0.173
#   wrong                                   0.002          6.005           2.091           1.842
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

truth = torch.zeros(1, 8, 8, dtype=torch.long)


def logits(*values: float) -> torch.Tensor:
    return torch.tensor(values).view(1, -1, 1, 1).expand(1, len(values), 8, 8)


predictions = {
    "right, as centred logits": logits(4.0, -2.0, -2.0),
    "right, all logits + 6": logits(10.0, 4.0, 4.0),
    "undecided": logits(0.0, 0.0, 0.0),
    "wrong": logits(-2.0, 4.0, -2.0),
}
print("the first of three classes is right  softmax  cross-entropy  focal, gamma 0  focal, gamma 2")
found = {}
for name, prediction in predictions.items():
    found[name] = [
        float(prediction.softmax(1)[0, 0, 0, 0]),
        float(F.cross_entropy(prediction, truth)),
        *(float(smp.losses.FocalLoss("multiclass", gamma=g)(prediction, truth)) for g in (0.0, 2.0)),
    ]
    print(f"{name:36}" + "".join(f"{x:{w}.3f}" for x, w in zip(found[name], (9, 15, 16, 16))))
centred, raised, undecided, wrong = found.values()
assert abs(centred[1] - raised[1]) < 1e-4
assert raised[2] > 20 * centred[2] and raised[3] > 20 * centred[3]
assert raised[2] > wrong[2] and raised[3] > wrong[3] > undecided[3]
EOF
