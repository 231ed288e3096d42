"""Processes that train together learn what one does, and stop together.

With three of them, and all that takes longer: pytest -m long -n 0 tests/training/test_processes.py
"""

import json
import os
import signal
import subprocess

import psutil
import pytest
import torch

from support.mlflow_history import await_step, start
from support.training_runs import Run

STEPS = 9
L1 = {"l1": {"weight": 1}}
MEANS = {**L1, "hint": {"weight": 0.1}, "mean_teacher": {"weight": 0.1, "decay": 0.9}}
"""Terms that are means over images: the mean over all processes is that over the whole batch."""
CHANGES = {"objective": MEANS, "batch": {"pairs": 6, "real": 6, "patch": 32}}


def begin(run: Run, count: int, pause: float = 0, changes: dict = CHANGES) -> subprocess.Popen:
    """Train in ``count`` new processes."""
    more = {"SSID_PROCESSES": str(count), "CHANGES": json.dumps(changes)}
    return start(run, "-", STEPS, pause, **more)


def finish(process: subprocess.Popen) -> str:
    _, said = process.communicate(timeout=600)
    assert "Traceback" not in said
    return said


def rank(launcher: subprocess.Popen, number: int) -> psutil.Process:
    """Return one of the processes that a launcher has started."""
    children = psutil.Process(launcher.pid).children()
    [found] = [child for child in children if child.environ().get("RANK") == str(number)]
    return found


def assert_alike(ours: Run, theirs: Run) -> None:
    """Check that two runs have learnt the same, up to the order in which numbers are added."""
    pairs = zip(ours.student().parameters(), theirs.student().parameters(), strict=True)
    for a, b in pairs:
        torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-3)
    for name in ("train/loss", "val/psnr", "lr"):
        assert ours.curve(name) == pytest.approx(theirs.curve(name), rel=1e-4)


@pytest.fixture
def alone(new_run) -> Run:
    run = new_run("alone")
    every = {"checkpoint_every": 3, "log_every": 1, "validate_every": 4}
    run.train(**{**every, "steps": STEPS, **CHANGES})
    return run


def test_a_killed_process_stops_the_others_and_the_run_goes_on(alone, new_run):
    run = new_run("together")
    process = begin(run, 2, pause=0.3)
    await_step(run, 4)
    rank(process, 1).kill()
    said = finish(process)
    assert process.returncode == 1
    assert "process 1 of 2 was killed by SIGKILL, and the others were stopped." in said
    assert "The same command goes on from the last checkpoint." in said
    assert [path.name for path in run.checkpoints()][-1] == "step-00000003"
    again = begin(run, 2)
    assert "goes on after step 3" in finish(again)
    assert again.returncode == 0
    assert_alike(run, alone)
