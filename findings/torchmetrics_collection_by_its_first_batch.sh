#!/usr/bin/env bash
# torchmetrics: metrics that agree on the first batch are one metric for the rest of the set
#
# Believed: a MetricCollection shares work among metrics that do the same, so it returns what each
#   metric would return by itself.
# Found: after the first batch it compares their sums, and where these are equal it updates only
#   one metric from then on. PSNR with and without clamping (data_range=(0, 1) and 1.0) are equal on
#   a picture that does not overshoot; if the set begins with it, both report the clamped value,
#   0.8 dB too much here. Another order of the pictures gives another value. Say compute_groups=False.
# Source: torchmetrics/collections.py, _merge_compute_groups, called in the first update.
#
# Run on 2026-11-28, Python 3.11.7, torchmetrics 1.9.0, torch 2.15.0, scikit-image 0.26.0,
#   numpy 2.4.6. Output:
#   compute_groups=True  grey  first: {'clamped': 22.03, 'raw': 22.03}
#   compute_groups=True  harsh first: {'clamped': 22.03, 'raw': 21.25}
#   compute_groups=False grey  first: {'clamped': 22.03, 'raw': 21.25}
#   compute_groups=False harsh first: {'clamped': 22.03, 'raw': 21.25}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torchmetrics==1.9.0 torch==2.15.0 scikit-image==0.26.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import torch
from skimage import data
from torchmetrics import MetricCollection
from torchmetrics.image import PeakSignalNoiseRatio


def pair(picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return picture + 0.3 * torch.rand_like(picture) - 0.15, picture


torch.manual_seed(0)
picture = torch.from_numpy(data.astronaut()).permute(2, 0, 1)[None].float() / 255
pairs = {"grey": pair(0.3 + 0.4 * picture), "harsh": pair((2 * picture - 0.5).clamp(0, 1))}
# Noise takes only the second, in which much is black or white, out of 0..1.
found = {}
for groups in (True, False):
    for order in (("grey", "harsh"), ("harsh", "grey")):
        metrics = MetricCollection(
            {"raw": PeakSignalNoiseRatio(1.0), "clamped": PeakSignalNoiseRatio((0.0, 1.0))},
            compute_groups=groups,
        )
        for name in order:
            metrics.update(*pairs[name])
        found[groups, order[0]] = {name: round(float(x), 2) for name, x in metrics.compute().items()}
        print(f"compute_groups={groups!s:5} {order[0]:5} first: {found[groups, order[0]]}")
apart = found[False, "grey"]
assert found[False, "harsh"] == found[True, "harsh"] == apart
assert apart["clamped"] > apart["raw"] + 0.5
assert found[True, "grey"] == {"raw": apart["clamped"], "clamped": apart["clamped"]}
EOF
