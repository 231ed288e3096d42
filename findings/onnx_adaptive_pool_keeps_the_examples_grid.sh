#!/usr/bin/env bash
# torch.onnx: adaptive_avg_pool2d(3), exported with free sides, keeps the windows of the example's size
#
# Believed: windows follow the size at hand as in torch, or the export is refused.
# Found: the number of pixels per window is taken from the example (64x72). At other sizes the
#   model either gives other means than torch, without an error, or stops within the graph. Global
#   pooling (output 1), as in channel attention, is exact. Pyramid pooling is not.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, onnx 1.23.2, onnxscript 0.7.2, onnxruntime
#   1.32.0. Output:
#   torch 2.15.0, onnxruntime 1.32.0
#   output 1x1 at (97, 130): largest error 1.8e-07
#   output 3x3 at (64, 72): largest error 6.0e-08
#   output 3x3 at (97, 130): largest error 2.3e-03
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
from torch.export import Dim

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
onnxruntime.set_default_logger_severity(3)
free = ({2: Dim.DYNAMIC, 3: Dim.DYNAMIC},)


def largest_error(outputs: int, size: tuple[int, int]) -> float:
    module = torch.nn.AdaptiveAvgPool2d(outputs).eval()
    torch.onnx.export(module, (torch.rand(1, 3, 64, 72),), dynamo=True, verbose=False,
                      input_names=["x"], dynamic_shapes=free).save("pool.onnx")
    x = torch.rand(1, 3, *size)
    y = onnxruntime.InferenceSession("pool.onnx").run(None, {"x": x.numpy()})[0]
    return float((torch.from_numpy(y) - module(x)).abs().max())


torch.manual_seed(0)
print(f"torch {torch.__version__.split('+')[0]}, onnxruntime {onnxruntime.__version__}")
for outputs, size in ((1, (97, 130)), (3, (64, 72)), (3, (97, 130))):
    error = largest_error(outputs, size)
    print(f"output {outputs}x{outputs} at {size}: largest error {error:.1e}")
    assert (error > 1e-4) == (outputs == 3 and size != (64, 72))
EOF
