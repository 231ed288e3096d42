#!/usr/bin/env bash
# MLflow: a signature inferred from one picture refuses pictures of every other size, and float64
#
# Believed: infer_signature tells the batch from the sides of a convolutional network's input and
#   leaves sides free; numbers that JSON brings as float64 are cast.
# Found: the first axis alone is -1, height and width are those of the example:
#   pyfunc.load_model(...).predict, and with it the server, raises for any other size.
#   TensorSpec((-1, 3, -1, -1)) by hand frees the sides; float64 and 8-bit arrays are refused even
#   then. With the default format of MLflow 3.17 (pt2) the graph itself is bound to the example's
#   batch as well, so this uses "pickle".
#
# Run on 2026-11-28, Python 3.11.7, mlflow 3.17.2, torch 2.15.0, numpy 2.4.6. Output:
#   mlflow 3.17.2
#   of ['two of 64x64', '80x64', 'float64', '8 bits'] accepted
#   inferred: ['two of 64x64']
#   free sides: ['two of 64x64', '80x64']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  mlflow==3.17.2 torch==2.15.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import logging
import os
import warnings

warnings.simplefilter("ignore")
os.environ["MLFLOW_TRACKING_URI"] = "sqlite:///runs.db"
import mlflow
import numpy as np
import torch
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import Schema, TensorSpec

logging.disable(logging.WARNING)
network = torch.nn.Conv2d(3, 3, 3, padding=1)
picture = np.zeros((1, 3, 64, 64), np.float32)
free = Schema([TensorSpec(np.dtype("float32"), (-1, 3, -1, -1))])
inputs = {
    "two of 64x64": np.repeat(picture, 2, axis=0),
    "80x64": np.zeros((1, 3, 80, 64), np.float32),
    "float64": picture.astype(np.float64),
    "8 bits": picture.astype(np.uint8),
}
print(f"mlflow {mlflow.__version__}")


def accepted(signature: ModelSignature) -> list[str]:
    with mlflow.start_run():
        logged = mlflow.pytorch.log_model(
            network, name="model", signature=signature, serialization_format="pickle")
    model, names = mlflow.pyfunc.load_model(logged.model_uri), []
    for name, array in inputs.items():
        try:
            model.predict(array)
            names.append(name)
        except mlflow.MlflowException:
            pass
    return names


inferred = accepted(infer_signature(picture, picture))
by_hand = accepted(ModelSignature(free, free))
print(f"of {list(inputs)} accepted\ninferred: {inferred}\nfree sides: {by_hand}")
assert inferred == ["two of 64x64"] and by_hand == ["two of 64x64", "80x64"]
EOF
