"""What MLflow knows of runs, compared with what they left on disk."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mlflow import MlflowClient

from support.repository import ROOT
from support.training_runs import Run


def rows(client: MlflowClient, run_id: str) -> Counter:
    """Return how often MLflow has each key, step and value of a run."""
    names = client.get_run(run_id).data.metrics
    return Counter(
        (name, metric.step, metric.value)
        for name in names
        for metric in client.get_metric_history(run_id, name)
    )


def expected(run: Run) -> Counter:
    """Return the same of the run's own file."""
    return Counter(
        (name, line["step"], value)
        for line in run.curves()
        for name, value in line.items()
        if name != "step"
    )


def the_run(client: MlflowClient, stage: str = "distill"):
    """Return the only run of a stage."""
    experiment = client.get_experiment_by_name("ssid")
    [run] = client.search_runs([experiment.experiment_id], f"tags.stage = '{stage}'")
    return run


def assert_complete(uri: str, run: Run) -> None:
    """Check that MLflow has all of a finished run, and nothing twice."""
    client = MlflowClient(uri)
    found = the_run(client)
    assert found.info.status == "FINISHED"
    assert rows(client, found.info.run_id) == expected(run)
    panels = {Path(item.path).name for item in client.list_artifacts(found.info.run_id, "panels")}
    assert panels == {path.name for path in (run.runs / "panels").iterdir()}
    assert len(found.outputs.model_outputs) == 1
    assert {entry.dataset.name for entry in found.inputs.dataset_inputs} == {
        "synthetic/tiny",
        "real/tiny_real",
    }
    params = json.loads(json.dumps(found.data.params))
    assert params["distill.optimizer.lr"] == "0.005"


def start(
    run: Run,
    uri: str,
    steps: int,
    pause: float = 0.0,
    launcher: Sequence[str] = (),
    **environment: str,
) -> subprocess.Popen:
    """Train in a new process, whose working directory is that of the run."""
    run.folder.mkdir(parents=True, exist_ok=True)
    arguments = [str(p) for p in (run.folder, run.prepared, run.teacher, uri, steps)]
    return subprocess.Popen(
        [sys.executable, *launcher, "-m", "support.tracked_training", *arguments],
        cwd=run.folder,
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
            "OMP_NUM_THREADS": "1",
            "PAUSE": str(pause),
            **environment,
        },
        stderr=subprocess.PIPE,
        text=True,
    )


def await_step(run: Run, step: int, seconds: float = 3000) -> None:
    """Wait until a run has logged a step."""
    for _ in range(int(seconds * 20)):
        file = run.runs / "metrics.jsonl"
        lines = file.read_text().splitlines() if file.is_file() else []
        if any(line.startswith(f'{{"step": {step},') for line in lines):
            return
        time.sleep(0.05)
    raise TimeoutError(f"step {step}")
