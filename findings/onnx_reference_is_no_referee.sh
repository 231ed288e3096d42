#!/usr/bin/env bash
# onnx: the reference evaluator is the one that is wrong, in LRN, in average pooling and in aligned corners
#
# Believed: where onnxruntime, or another runtime, and onnx.reference.ReferenceEvaluator disagree, the runtime
#   is at fault; it is made to show what the standard says.
# Found: onnxruntime and torch agree to the last bits, and the evaluator has other numbers. Its LRN loops over
#   the pictures of the batch where it means the channels: of one picture only the first channel is
#   normalised. AveragePool with ceil_mode and no padding, where a last window hangs over the edge, is off
#   there. Resize by a factor with align_corners, where side times factor is not whole, does not reach
#   the last corner. Who checks an export with it looks for faults where there are none.
# Source: onnx/reference/ops/op_lrn.py, `for c in range(x.shape[0])`.
#
# Run on 2026-11-29, Python 3.11.7, onnx 1.23.2, onnxruntime 1.32.0, torch 2.15.0, numpy 2.4.6. Output:
#   largest difference from torch  evaluator  onnxruntime
#   LRN, size 3                        8e-02        9e-08
#   AveragePool, ceil_mode             2e-01        0e+00
#   the same, padded by 1              1e-07        0e+00
#   Resize by 0.6, corners             8e-01        0e+00
#   Resize by 2, corners               5e-07        8e-07
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  onnx==1.23.2 onnxruntime==1.32.0 torch==2.15.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

x = np.random.default_rng(0).random((1, 6, 13, 11), dtype=np.float32)


def both(operator: str, scale: float | None = None, **attributes) -> list[np.ndarray]:
    """Return what the evaluator and what onnxruntime make of x."""
    inputs, constants = ["x"], []
    if scale is not None:
        inputs += ["", "scales"]
        constants = [numpy_helper.from_array(np.array([1, 1, scale, scale], np.float32), "scales")]
    graph = helper.make_graph(
        [helper.make_node(operator, inputs, ["y"], **attributes)],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(x.shape))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, list("nchw"))],
        constants,
    )
    opset = [helper.make_opsetid("", 19)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return [ReferenceEvaluator(model).run(None, {"x": x})[0], session.run(None, {"x": x})[0]]


tensor = torch.tensor(x)
corners = {"mode": "linear", "coordinate_transformation_mode": "align_corners"}
cases = {
    "LRN, size 3": (
        both("LRN", size=3, alpha=0.5, beta=0.75, bias=2.0),
        F.local_response_norm(tensor, 3, alpha=0.5, beta=0.75, k=2.0),
    ),
    "AveragePool, ceil_mode": (
        both("AveragePool", kernel_shape=[4, 4], strides=[3, 3], ceil_mode=1),
        F.avg_pool2d(tensor, 4, 3, ceil_mode=True),
    ),
    "the same, padded by 1": (
        both("AveragePool", kernel_shape=[4, 4], strides=[3, 3], ceil_mode=1, pads=[1, 1, 1, 1]),
        F.avg_pool2d(tensor, 4, 3, 1, ceil_mode=True, count_include_pad=False),
    ),
    "Resize by 0.6, corners": (
        both("Resize", 0.6, **corners),
        F.interpolate(tensor, scale_factor=0.6, mode="bilinear", align_corners=True),
    ),
    "Resize by 2, corners": (
        both("Resize", 2.0, **corners),
        F.interpolate(tensor, scale_factor=2.0, mode="bilinear", align_corners=True),
    ),
}
print("largest difference from torch  evaluator  onnxruntime")
for name, (results, truth) in cases.items():
    evaluator, runtime = (float(np.abs(y - truth.numpy()).max()) for y in results)
    print(f"{name:28} {evaluator:11.0e} {runtime:12.0e}")
    assert runtime < 1e-5
    right = name in ("the same, padded by 1", "Resize by 2, corners")
    assert evaluator < 1e-5 if right else evaluator > 0.05
EOF
