#!/usr/bin/env bash
# torch.onnx: with free sides an example that is a crop cannot be exported, the same crop copied can
#
# Believed: an example only gives sizes; how it lies in memory makes no difference.
# Found: for a crop of a photograph that was loaded as rows x columns x colours, a residual
#   network asks for the strides of its input (aten.sym_stride), which the exporter does not know:
#   ConversionError after a long trace. `.contiguous()` on the example cures it.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, onnx 1.23.2, onnxscript 0.7.2. Output:
#   torch 2.15.0
#   the crop exports: False; its copy: True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2
venv/bin/python - <<'EOF'
import logging
import warnings

import torch
from torch.export import Dim

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)


class Residual(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        return x + self.conv(x)


def exports(example: torch.Tensor) -> bool:
    free = ({2: Dim.DYNAMIC, 3: Dim.DYNAMIC},)
    try:
        torch.onnx.export(Residual().eval(), (example,), dynamo=True, verbose=False, dynamic_shapes=free)
    except torch.onnx.OnnxExporterError as error:
        assert "sym_stride" in str(error.__cause__) + str(error)
        return False
    return True


photograph = torch.rand(100, 120, 3)  # as read from a file: rows, columns, colours
crop = photograph.permute(2, 0, 1)[None][..., :64, :72]
print(f"torch {torch.__version__.split('+')[0]}")
print(f"the crop exports: {exports(crop)}; its copy: {exports(crop.contiguous())}")
assert not exports(crop) and exports(crop.contiguous())
EOF
