#!/usr/bin/env bash
# OpenVINO: a float32 model is computed in bfloat16 where the processor knows it
#
# Believed: a model saved in float32 is computed in float32 unless asked otherwise.
# Found: on processors with bfloat16 instructions the CPU plugin chooses bfloat16 by itself, even
#   for interpolation alone; halving a picture of noise is then right to 60 dB only, and every
#   further layer adds its own rounding. INFERENCE_PRECISION_HINT="f32" gives float32. Elsewhere
#   the same file is exact, so two machines give two scores.
# Source: OpenVINO's documentation of INFERENCE_PRECISION_HINT on CPU. On a processor without BF16
#   this script only checks that float32 is used.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, onnx 1.23.2, onnxscript 0.7.2, openvino
#   2026.4.1, numpy 2.4.6. Output:
#   openvino 2026.4.1, processor with bfloat16: True
#   PSNR to torch: 60.0 dB by default, 152.7 dB with the hint f32
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2 openvino==2026.4.1 numpy==2.4.6
venv/bin/python - <<'EOF'
import logging
import warnings

import numpy as np
import openvino
import torch

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
torch.manual_seed(0)
half = torch.nn.Upsample(scale_factor=0.5, mode="bilinear").eval()
x = torch.rand(1, 3, 96, 128)
torch.onnx.export(half, (x,), dynamo=True, verbose=False, input_names=["x"]).save("half.onnx")
core = openvino.Core()


def psnr(settings: dict[str, str]) -> float:
    y = core.compile_model("half.onnx", "CPU", settings)(x.numpy())[0]
    return -10 * np.log10(np.mean((y - half(x).numpy()) ** 2) + 1e-16)


able = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
default, exact = psnr({}), psnr({"INFERENCE_PRECISION_HINT": "f32"})
print(f"openvino {openvino.__version__.split('-')[0]}, processor with bfloat16: {able}")
print(f"PSNR to torch: {default:.1f} dB by default, {exact:.1f} dB with the hint f32")
assert exact > 120
assert (default < 70) == able
EOF
