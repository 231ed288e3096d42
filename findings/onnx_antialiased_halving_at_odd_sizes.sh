#!/usr/bin/env bash
# torch.onnx: antialiased interpolate(scale_factor=0.5), exported with free sides, is wrong at odd sizes
#
# Believed: the exported model gives torch's picture at every size, as it does without antialias.
# Found: the exporter drops the factor and writes output sizes instead, from which ONNX computes
#   another step between samples whenever a side is odd: up to a fifth of the range on noise,
#   without any error. At even sides, and without antialias, it is exact; so is
#   interpolate(size=...), which says the same in both worlds.
# Source: the graph's Resize node, with sizes where the plain one has scales.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, onnx 1.23.2, onnxscript 0.7.2, onnxruntime
#   1.32.0. Output:
#   torch 2.15.0, onnxruntime 1.32.0
#   largest error at 64x72 and 97x131
#   bilinear, antialias=False: 0e+00, 0.0e+00
#   bilinear, antialias=True: 1e-07, 2.3e-01
#   bicubic, antialias=False: 2e-07, 2.4e-07
#   bicubic, antialias=True: 1e-07, 3.3e-01
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0
venv/bin/python - <<'EOF'
import logging
import warnings

import onnxruntime
import torch
import torch.nn.functional as F
from torch.export import Dim

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
onnxruntime.set_default_logger_severity(3)


class Halve(torch.nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.options = options

    def forward(self, x):
        return F.interpolate(x, scale_factor=0.5, **self.options)


def errors(module, sizes):
    free = ({2: Dim.DYNAMIC, 3: Dim.DYNAMIC},)
    torch.onnx.export(module, (torch.rand(1, 3, 64, 72),), dynamo=True, verbose=False,
                      input_names=["x"], dynamic_shapes=free).save("half.onnx")
    session = onnxruntime.InferenceSession("half.onnx")
    for size in sizes:
        x = torch.rand(1, 3, *size)
        y = torch.from_numpy(session.run(None, {"x": x.numpy()})[0])
        yield float((y - module(x)).abs().max())


torch.manual_seed(0)
print(f"torch {torch.__version__.split('+')[0]}, onnxruntime {onnxruntime.__version__}")
print("largest error at 64x72 and 97x131")
for mode in ("bilinear", "bicubic"):
    for antialias in (False, True):
        even, odd = errors(Halve(mode=mode, antialias=antialias), [(64, 72), (97, 131)])
        print(f"{mode}, antialias={antialias}: {even:.0e}, {odd:.1e}")
        assert even < 1e-5
        assert (odd > 0.1) == antialias
EOF
