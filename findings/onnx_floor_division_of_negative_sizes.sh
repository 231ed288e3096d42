#!/usr/bin/env bash
# torch.onnx: the floor division of a size that is negated rounds towards zero in the ONNX file
#
# Believed: Python's -(-height // 16) * 16, the usual way to round a side up, means the same in the
#   exported file, or fails to export.
# Found: it exports and checks, and computes another number. Integer division in ONNX (Div) rounds
#   towards zero, so that the side is rounded down wherever it is no multiple already. The example
#   that it was exported with is no exception. (height + 15) // 16 * 16 agrees.
# Source: onnx.ai/onnx/operators/onnx__Div.html: integer division truncates.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, onnx 1.23.2, onnxscript 0.7.2,
# onnxruntime 1.32.0. Output:
#   torch 2.15.0, onnxruntime 1.32.0, height 40 rounded up to a multiple of 16
#   -(-h // 16) * 16: torch 48, ONNX 32
#   (h + 15) // 16 * 16: torch 48, ONNX 48
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2 \
  onnxruntime==1.32.0
venv/bin/python - <<'EOF' 2>/dev/null
import onnxruntime
import torch


class Rounded(torch.nn.Module):
    def __init__(self, rule):
        super().__init__()
        self.rule = rule

    def forward(self, image):
        return torch.arange(self.rule(image.shape[0])) + 0 * image[0].long()


RULES = {
    "-(-h // 16) * 16": lambda h: -(-h // 16) * 16,
    "(h + 15) // 16 * 16": lambda h: (h + 15) // 16 * 16,
}
print(
    f"torch {torch.__version__.split('+')[0]}, onnxruntime {onnxruntime.__version__},"
    " height 40 rounded up to a multiple of 16"
)
found = {}
for name, rule in RULES.items():
    image = torch.zeros(40)
    shapes = ({0: torch.export.Dim("height", min=2)},)
    torch.onnx.export(
        Rounded(rule), (image,), "r.onnx", dynamo=True, dynamic_shapes=shapes, verbose=False
    )
    session = onnxruntime.InferenceSession("r.onnx")
    (exported,) = session.run(None, {session.get_inputs()[0].name: image.numpy()})
    found[name] = len(Rounded(rule)(image)), len(exported)
    print(f"{name}: torch {found[name][0]}, ONNX {found[name][1]}")
assert list(found.values()) == [(48, 32), (48, 48)]
EOF
