#!/usr/bin/env bash
# MLflow: log_image of a float picture is half a level darker than the picture
#
# Believed: floats between 0 and 1 become the nearest of 256 levels.
# Found: they are multiplied by 255 and cut off; half of all values come out one level low, the
#   mean error is -0.5 levels, and a PSNR computed from logged pictures is up to half a dB off at
#   45 dB. Round to uint8 before logging.
#
# Run on 2026-11-28, Python 3.11.7, mlflow 3.17.2, pillow 12.3.0, numpy 2.4.6. Output:
#   mlflow 3.17.2, float: mean error -0.50 levels
#   mlflow 3.17.2, rounded: mean error -0.00 levels
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  mlflow==3.17.2 pillow==12.3.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import logging
import os

os.environ["MLFLOW_TRACKING_URI"] = "sqlite:///runs.db"
import mlflow
import numpy as np
from PIL import Image

logging.disable(logging.WARNING)
picture = np.linspace(0, 1, 10_000, dtype=np.float32).reshape(100, 100)
with mlflow.start_run() as run:
    mlflow.log_image(picture, "float.png")
    mlflow.log_image(np.round(picture * 255).astype(np.uint8), "rounded.png")


def logged(name: str) -> np.ndarray:
    return np.asarray(Image.open(mlflow.artifacts.download_artifacts(
        run_id=run.info.run_id, artifact_path=name)), float)


errors = {name: logged(f"{name}.png") - picture * 255 for name in ("float", "rounded")}
for name, error in errors.items():
    print(f"mlflow {mlflow.__version__}, {name}: mean error {error.mean():+.2f} levels")
assert abs(errors["float"].mean() + 0.5) < 0.02 and abs(errors["rounded"].mean()) < 0.02
EOF
