#!/usr/bin/env bash
# torch: interpolate(scale_factor=0.5) and interpolate(size=half) are two pictures when a side is odd
#
# Believed: for an odd side the two calls give the same picture, as the result has the same size.
# Found: scale_factor is kept as the step between samples (2), while size= computes the step from
#   both sizes (41 / 20 = 2.05). The results drift apart towards the right and lower edges, by
#   nearly one input pixel at the far side. On noise or at an edge that is half the range.
# Source: the option recompute_scale_factor of torch.nn.functional.interpolate (left at None, the
#   given factor is used).
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, numpy 2.4.6. Output:
#   torch 2.15.0: 33x41 becomes (16, 20) either way
#   shift in input pixels, first and last column: 0.025, 0.975
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python torch==2.15.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import torch
import torch.nn.functional as F

ramp = torch.arange(41.0).expand(1, 1, 33, 41)
by_factor = F.interpolate(ramp, scale_factor=0.5, mode="bilinear")
by_size = F.interpolate(ramp, size=by_factor.shape[-2:], mode="bilinear")
shift = (by_size - by_factor)[0, 0, 0]
even = torch.arange(40.0).expand(1, 1, 32, 40)
same = F.interpolate(even, scale_factor=0.5, mode="bilinear")
print(f"torch {torch.__version__.split('+')[0]}: 33x41 becomes {tuple(by_factor.shape[-2:])} either way")
print(f"shift in input pixels, first and last column: {shift[0]:.3f}, {shift[-1]:.3f}")
assert by_factor.shape == by_size.shape
assert shift[-1] > 0.45
assert torch.equal(same, F.interpolate(even, size=(16, 20), mode="bilinear"))
EOF
