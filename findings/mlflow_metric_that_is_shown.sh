#!/usr/bin/env bash
# MLflow: the value of a metric in the table is not the one logged last, and infinity is a number
#
# Believed: run.data.metrics holds what was logged last; inf comes back as inf.
# Found: the highest step wins, then the latest time, then the larger value: re-evaluating at an
#   earlier step, or twice within a millisecond, leaves the old number in the table. Infinity (the
#   PSNR of equal pictures) is stored as 1.797e308 and sorts as such; nan stays nan and sorts last
#   either way.
#
# Run on 2026-11-28, Python 3.11.7, mlflow 3.17.2. Output:
#   mlflow 3.17.2
#   33 logged last, at an earlier step: 30.0
#   30 logged last, at the same step and time: 33.0
#   inf: 1.7976931348623157e+308  nan: nan
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python mlflow==3.17.2
venv/bin/python - <<'EOF'
import logging
import math
import os

os.environ["MLFLOW_TRACKING_URI"] = "sqlite:///runs.db"
import mlflow

logging.disable(logging.WARNING)
with mlflow.start_run() as run:
    mlflow.log_metric("earlier_step", 30.0, step=10)
    mlflow.log_metric("earlier_step", 33.0, step=5)
    mlflow.log_metric("same_time", 33.0, step=1, timestamp=1000)
    mlflow.log_metric("same_time", 30.0, step=1, timestamp=1000)
    mlflow.log_metric("infinite", math.inf)
    mlflow.log_metric("nan", math.nan)
metrics = mlflow.MlflowClient().get_run(run.info.run_id).data.metrics
print(f"mlflow {mlflow.__version__}")
print("33 logged last, at an earlier step:", metrics["earlier_step"])
print("30 logged last, at the same step and time:", metrics["same_time"])
print("inf:", metrics["infinite"], " nan:", metrics["nan"])
assert metrics["earlier_step"] == 30.0 and metrics["same_time"] == 33.0
assert 1e308 < metrics["infinite"] < math.inf and math.isnan(metrics["nan"])
EOF
