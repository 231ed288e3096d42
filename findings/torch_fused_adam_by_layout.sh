#!/usr/bin/env bash
# torch: fused Adam on a CPU takes another element's moments where they lie otherwise than the weight
#
# Believed: load_state_dict brings moments back whatever their memory layout, as fused=True and
#   fused=False are two ways to compute the same step.
# Found: weights with their channels last whose state comes back with the usual layout (as every
#   tensor saved through safetensors' contiguous copies does) go on as before with fused=False. With
#   fused=True the step goes through the memory of weight, gradient and moments side by side, so
#   that each weight gets the moments of another one; nothing is raised or warned of, and the error
#   is as large as a step. load_state_dict keeps the layout of what it is given.
# Source: the option fused of torch.optim.Adam, run as below.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, numpy 2.4.6. Output:
#   torch 2.15.0: rate 0.01, largest difference after a reload in another layout
#   fused=False: 0.0000
#   fused=True: 0.0163
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python torch==2.15.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import torch

LAST = torch.channels_last
torch.manual_seed(0)
START = torch.randn(24, 12, 3, 3)
FIRST = torch.randn(24, 12, 3, 3)


def two_steps(fused: bool, reload: bool) -> torch.Tensor:
    weight = torch.nn.Parameter(START.clone().to(memory_format=LAST))
    optimizer = torch.optim.Adam([weight], lr=1e-2, fused=fused)
    weight.grad = FIRST.clone().to(memory_format=LAST)
    optimizer.step()
    if reload:
        saved = optimizer.state_dict()
        saved["state"][0] = {k: v.clone().contiguous() for k, v in saved["state"][0].items()}
        optimizer.load_state_dict(saved)
    weight.grad = (FIRST / 2 + 1).to(memory_format=LAST)
    optimizer.step()
    return weight.detach()


print(f"torch {torch.__version__.split('+')[0]}: rate 0.01, largest difference after a reload in another layout")
differences = {}
for fused in (False, True):
    difference = (two_steps(fused, False) - two_steps(fused, True)).abs().max().item()
    differences[fused] = difference
    print(f"fused={fused}: {difference:.4f}")
assert differences[False] == 0
assert differences[True] > 1e-3
EOF
