#!/usr/bin/env bash
# OpenVINO: average pooling with padding and ceil_mode counts another number of pixels at the far edge
#
# Believed: what onnxruntime and torch agree on, to the last bit, OpenVINO computes too.
# Found: where ceil_mode adds a last window that hangs over the padded border, OpenVINO divides
#   its sum by another count: up to 0.15 of the range in the last row and column, from the same
#   ONNX file, at sizes where such a window arises; other sizes agree.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, onnx 1.23.2, onnxscript 0.7.2, onnxruntime
#   1.32.0, openvino 2026.4.1. Output:
#   openvino 2026.4.1, onnxruntime 1.32.0
#   (64, 64): OpenVINO against onnxruntime 0.159, inside 0e+00
#   (33, 41): OpenVINO against onnxruntime 0.000, inside 0e+00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0 openvino==2026.4.1
venv/bin/python - <<'EOF'
import logging
import warnings

import numpy as np
import onnxruntime
import openvino
import torch

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
torch.manual_seed(0)
pool = torch.nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True)
print(f"openvino {openvino.__version__.split('-')[0]}, onnxruntime {onnxruntime.__version__}")
largest = {}
for size in ((64, 64), (33, 41)):
    x = torch.rand(1, 1, *size)
    torch.onnx.export(pool, (x,), dynamo=True, verbose=False, input_names=["x"]).save("pool.onnx")
    runtime = onnxruntime.InferenceSession("pool.onnx").run(None, {"x": x.numpy()})[0]
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    vino = openvino.Core().compile_model("pool.onnx", "CPU", settings)(x.numpy())[0]
    wrong = np.abs(vino - runtime)[0, 0]
    largest[size] = float(wrong.max()), float(wrong[:-1, :-1].max())
    assert np.abs(runtime - pool(x).numpy()).max() < 1e-6
    print(f"{size}: OpenVINO against onnxruntime {largest[size][0]:.3f}, inside {largest[size][1]:.0e}")
assert largest[64, 64][0] > 0.1 and largest[64, 64][1] < 1e-6
assert largest[33, 41][0] < 1e-6
EOF
