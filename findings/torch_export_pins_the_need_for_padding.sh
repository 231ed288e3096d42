#!/usr/bin/env bash
# torch.export: a network that pads to a multiple of 8 accepts only sizes like its example's
#
# Believed: with Dim.DYNAMIC on height and width the program runs at every size, or the export
#   fails.
# Found: exported from a size that needs no padding, the program refuses every size that needs
#   some, and the reverse; "some" is told apart by side. The export itself succeeds without a
#   word. Guards are checked at the call, so a test at the example's size notices nothing. ONNX
#   made from the same module takes all sizes.
# Source: Dim.DYNAMIC in torch.export's documentation promises an error where a dimension is
#   specialised; here none is, the need for padding is.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, numpy 2.4.6. Output:
#   torch 2.15.0
#   exported at (64, 64) runs at [(64, 64), (80, 72)] of [(64, 64), (80, 72), (65, 67), (70, 77), (64, 67)]
#   exported at (65, 67) runs at [(65, 67), (70, 77)] of [(64, 64), (80, 72), (65, 67), (70, 77), (64, 67)]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python torch==2.15.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import torch
import torch.nn.functional as F
from torch.export import Dim, export


class Padded(torch.nn.Module):
    def forward(self, x):
        height, width = x.shape[-2:]
        y = F.pad(x, (0, -width % 8, 0, -height % 8), mode="reflect")
        return F.interpolate(F.avg_pool2d(y, 8), scale_factor=8)[..., :height, :width]


def accepts(program, height: int, width: int) -> bool:
    try:
        program(torch.rand(2, 3, height, width))
    except (AssertionError, RuntimeError):
        return False
    return True


sizes = [(64, 64), (80, 72), (65, 67), (70, 77), (64, 67)]
free = ({0: Dim.DYNAMIC, 2: Dim.DYNAMIC, 3: Dim.DYNAMIC},)
print(f"torch {torch.__version__.split('+')[0]}")
accepted = {}
for example in ((64, 64), (65, 67)):
    program = export(Padded().eval(), (torch.rand(2, 3, *example),), dynamic_shapes=free).module()
    accepted[example] = [size for size in sizes if accepts(program, *size)]
    print(f"exported at {example} runs at {accepted[example]} of {sizes}")
assert accepted[64, 64] == [(64, 64), (80, 72)]
assert accepted[65, 67] == [(65, 67), (70, 77)]
EOF
