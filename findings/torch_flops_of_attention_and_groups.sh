#!/usr/bin/env bash
# torch: FlopCounterMode finds no work in attention under no_grad, and too much in grouped gradients
#
# Believed: torch.utils.flop_counter sits under everything and counts what is computed, whichever
#   module asks for it, whether gradients are kept or not, forward and backward.
# Found: nn.MultiheadAttention and nn.TransformerEncoderLayer in eval() under no_grad or
#   inference_mode count 0: they take the fast path, an operator of their own that the counter does
#   not know. On the meta device they count in full. And the gradient of a grouped convolution's
#   weight counts groups times too much: backward of a depthwise convolution of 32 channels is
#   reported as 33 times its forward pass, not twice.
# Source: torch.utils.flop_counter, run as below.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, numpy 2.4.6. Output:
#   encoder layer, 5242880 operations by its formula
#   gradients       cpu     5242880
#   gradients       meta    5242880
#   no_grad         cpu           0
#   no_grad         meta    5242880
#   inference_mode  cpu           0
#   inference_mode  meta    5242880
#   3x3 convolution of 32 channels: forward, backward / forward
#    1 groups   4718592   2.0
#    4 groups   1179648   5.0
#   32 groups    147456  33.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python torch==2.15.0 numpy==2.4.6
venv/bin/python -W ignore - <<'EOF'
import torch
from torch.utils.flop_counter import FlopCounterMode


def count(call) -> int:
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


pixels, width = 256, 16
layer = torch.nn.TransformerEncoderLayer(width, 2, 2 * width, batch_first=True).eval()
right = 2 * pixels * (4 * width**2 + 2 * 2 * width**2) + 2 * 2 * pixels**2 * width
print(f"encoder layer, {right} operations by its formula")
found = {}
for mode, guard in (("gradients", torch.enable_grad), ("no_grad", torch.no_grad),
                    ("inference_mode", torch.inference_mode)):
    for device in ("cpu", "meta"):
        placed = layer.to(device) if device == "cpu" else torch.nn.TransformerEncoderLayer(
            width, 2, 2 * width, batch_first=True, device="meta").eval()
        x = torch.empty(1, pixels, width, device=device).fill_(0.5)
        with guard():
            found[mode, device] = count(lambda placed=placed, x=x: placed(x))
        print(f"{mode:15} {device:5} {found[mode, device]:9}")
for (mode, device), operations in found.items():
    assert operations == (0 if mode != "gradients" and device == "cpu" else right)
print("3x3 convolution of 32 channels: forward, backward / forward")
for groups in (1, 4, 32):
    convolution = torch.nn.Conv2d(32, 32, 3, padding=1, groups=groups)
    x = torch.rand(1, 32, 16, 16, requires_grad=True)
    forward = count(lambda convolution=convolution, x=x: convolution(x))
    both = count(lambda convolution=convolution, x=x: convolution(x).sum().backward())
    ratio = both / forward - 1
    print(f"{groups:2} groups {forward:9} {ratio:5.1f}")
    assert forward == 2 * 256 * 32 * 32 * 9 // groups and ratio == 1 + groups
EOF
