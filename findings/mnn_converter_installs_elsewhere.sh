#!/usr/bin/env bash
# MNN: mnnconvert runs `pip install -U` of a logging client, with whichever pip stands first in PATH
#
# Believed: a converter of the wheel reads the ONNX file, writes the MNN file and leaves Python's
#   environments alone.
# Found: where that client is missing it calls "pip install -U aliyun-log-python-sdk" by the shell,
#   twice a run, to report its use. In an environment without pip, as uv makes them, or one that is
#   not activated, that is the pip of another Python, which is given elasticsearch, protobuf and
#   more, or other versions of them, while the client stays missing here, so that every
#   conversion does it again. The conversion itself is well. Put a pip that does nothing first in
#   PATH, as this script does.
# Source: MNN/tools/utils/log.py of the wheel, run as below.
#
# Run on 2026-11-29, Python 3.11.7, MNN 3.6.1, onnx 1.23.2, numpy 2.4.6. Output:
#         4 pip install -U aliyun-log-python-sdk
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python mnn==3.6.1 onnx==1.23.2 numpy==2.4.6
mkdir first
printf '#!/bin/sh\necho "pip $*" >> "%s/asked"\n' "$folder" > first/pip
cp first/pip first/pip3
chmod +x first/pip first/pip3
venv/bin/python - <<'EOF'
import onnx
from onnx import TensorProto, helper

sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 3, 8, 8)) for name in ("x", "y")]
graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "relu", sides[:1], sides[1:])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), "relu.onnx")
EOF
for _ in 1 2; do
  PATH="$folder/first:$PATH" venv/bin/mnnconvert -f ONNX --modelFile relu.onnx --MNNModel relu.mnn \
    --bizCode x > log 2>&1
  test -s relu.mnn
done
sort asked | uniq -c
test "$(grep -c '^pip install -U aliyun-log-python-sdk$' asked)" = 4
