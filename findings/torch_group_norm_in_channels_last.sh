#!/usr/bin/env bash
# torch: group_norm of a photograph in fog is a fifth off in channels_last, in float32 on a CPU
#
# Believed: channels_last is a matter of speed; the numbers agree to rounding, as those of
#   instance_norm do.
# Found: for channels_last, group_norm sums x and x^2 in float32 and takes the variance as a
#   difference, which is lost where the mean is much larger than the spread. A photograph is 1e-3
#   off, the same in fog (0.8 + 0.1 x) a fifth, and more if it is larger; channels of features that
#   are normalised one by one are too. The number of threads changes it: on two the error was half.
#   Say x.contiguous() before it, or use instance_norm.
# Source: ATen/native/cpu/group_norm_kernel.cpp has a path of its own for channels_last.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, scikit-image 0.26.0, numpy 2.4.6. Output:
#   relative error in float32          contiguous  channels_last
#   group_norm 1 photograph             5.4e-08        1.0e-03
#   group_norm 1 in fog                 5.6e-07        2.3e-01
#   group_norm 1 in fog, 2048x2048      5.8e-07        8.4e-01
#   group_norm 4 features of fog        5.9e-08        1.6e-03
#   group_norm 16 features of fog       6.3e-07        1.2e-01
#   instance_norm features of fog       6.0e-07        6.0e-07
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torch==2.15.0 scikit-image==0.26.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import torch
import torch.nn.functional as F
from skimage import data

torch.manual_seed(0)
torch.set_num_threads(1)
photograph = torch.from_numpy(data.astronaut()).permute(2, 0, 1)[None].contiguous().float() / 255
fog = 0.8 + 0.1 * photograph
features = torch.nn.Conv2d(3, 16, 3, padding=1).requires_grad_(False)(fog)
cases = {
    "group_norm 1 photograph": (lambda x: F.group_norm(x, 1), photograph),
    "group_norm 1 in fog": (lambda x: F.group_norm(x, 1), fog),
    "group_norm 1 in fog, 2048x2048": (lambda x: F.group_norm(x, 1), F.interpolate(fog, scale_factor=4)),
    "group_norm 4 features of fog": (lambda x: F.group_norm(x, 4), features),
    "group_norm 16 features of fog": (lambda x: F.group_norm(x, 16), features),
    "instance_norm features of fog": (F.instance_norm, features),
}
found = {}
print("relative error in float32          contiguous  channels_last")
for name, (norm, x) in cases.items():
    truth = norm(x.double())
    both = norm(x), norm(x.contiguous(memory_format=torch.channels_last))
    found[name] = [float((y.double() - truth).norm() / truth.norm()) for y in both]
    print(f"{name:35} {found[name][0]:7.1e}        {found[name][1]:7.1e}")
    assert found[name][0] < 1e-5
assert found["instance_norm features of fog"][1] < 1e-5
assert found["group_norm 1 photograph"][1] > 1e-4 and found["group_norm 1 in fog"][1] > 0.03
EOF
