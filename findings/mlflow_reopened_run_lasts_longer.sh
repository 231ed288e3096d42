#!/usr/bin/env bash
# MLflow: logging one number to a finished run by start_run(run_id=...) makes its duration grow
#
# Believed: a finished run keeps its times; a metric added afterwards does not touch them.
# Found: leaving the block sets a new end, so a training of minutes that is evaluated in the
#   evening lasts hours in the list. MlflowClient.log_metric(run_id, ...) adds the same metric and
#   leaves the times alone.
#
# Run on 2026-11-28, Python 3.11.7, mlflow 3.17.2. Output:
#   mlflow 3.17.2: metric by client leaves the duration: True
#   reopened two seconds later, it lasts two seconds more: True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python mlflow==3.17.2
venv/bin/python - <<'EOF'
import logging
import os
import time

os.environ["MLFLOW_TRACKING_URI"] = "sqlite:///runs.db"
import mlflow

logging.disable(logging.WARNING)
client = mlflow.MlflowClient()


def seconds() -> float:
    info = client.get_run(run_id).info
    return (info.end_time - info.start_time) / 1000


with mlflow.start_run() as run:
    run_id = run.info.run_id
first = seconds()
time.sleep(2)
client.log_metric(run_id, "by_client", 1.0)
by_client = seconds()
with mlflow.start_run(run_id=run_id):
    mlflow.log_metric("reopened", 1.0)
reopened = seconds()
print(f"mlflow {mlflow.__version__}: metric by client leaves the duration: {by_client == first}")
print(f"reopened two seconds later, it lasts two seconds more: {reopened - first > 2}")
assert by_client == first and reopened - first > 2
EOF
