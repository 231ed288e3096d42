#!/usr/bin/env bash
# torchmetrics: MeanIoU over a set is not mIoU; one stray pixel of a class that a picture lacks makes a 0
#
# Believed: torchmetrics.segmentation.MeanIoU, like JaccardIndex, adds up the set's intersections and
#   unions, and divides at the end, as the tables on Cityscapes do.
# Found: it takes the IoU of every picture and averages. In a picture that lacks a class, the class is
#   left out, unless one of its pixels is predicted as it: then it has IoU 0, with the weight of a whole
#   picture. One wrong pixel of 4096 in 8 pictures of 10 lowers the class "person", which is found
#   perfectly where there is one, to 0.20; JaccardIndex has 0.98. DiceScore does so with its default
#   aggregation_level="samplewise"; it can be told "global", MeanIoU cannot.
# Source: torchmetrics/segmentation/mean_iou.py, update.
#
# Run on 2026-11-28, Python 3.11.7, torchmetrics 1.9.0, torch 2.15.0. Output:
#   IoU of                            road    car   person   mean
#   perfect maps        MeanIoU      1.0000  1.0000  1.0000  1.0000
#   perfect maps        JaccardIndex 1.0000  1.0000  1.0000  1.0000
#   a stray pixel in 8  MeanIoU      0.9997  1.0000  0.2000  0.7332
#   a stray pixel in 8  JaccardIndex 0.9997  1.0000  0.9804  0.9934
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python torchmetrics==1.9.0 torch==2.15.0
venv/bin/python - <<'EOF'
import torch
from torchmetrics.classification import MulticlassJaccardIndex
from torchmetrics.segmentation import MeanIoU

# Ten maps of road (0) and car (1); two have a person (2).
truth = torch.zeros(10, 64, 64, dtype=torch.long)
truth[:, :20] = 1
truth[:2, 40:60, 20:30] = 2
stray = truth.clone()
stray[2:, 50, 50] = 2
print("IoU of                            road    car   person   mean")
found = {}
for what, predicted in (("perfect maps", truth), ("a stray pixel in 8", stray)):
    for name, metric in (
        ("MeanIoU", MeanIoU(3, per_class=True, input_format="index")),
        ("JaccardIndex", MulticlassJaccardIndex(3, average="none")),
    ):
        classes = metric(predicted, truth)
        found[what, name] = classes
        row = "  ".join(f"{float(x):.4f}" for x in (*classes, classes.mean()))
        print(f"{what:18}  {name:12} {row}")
assert all(bool((found["perfect maps", name] == 1).all()) for name in ("MeanIoU", "JaccardIndex"))
assert found["a stray pixel in 8", "JaccardIndex"][2] > 0.97
assert abs(float(found["a stray pixel in 8", "MeanIoU"][2]) - 0.2) < 1e-4
EOF
