"""Killed at random moments and started again, a run ends as if nothing had happened.

The long version: pytest -m long -n 0 tests/training/test_killed.py
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from ssid.tracking import sender
from ssid.tracking.spool import spools, unsent
from support.mlflow_history import expected
from support.training_runs import Run, remains
from tests.training.test_interrupted_runs import in_child

SEED = 7


@pytest.fixture(autouse=True)
def _nobody_sends(monkeypatch):
    """Let records stay in their spools, where they can be counted."""
    monkeypatch.setattr(
        sender, "start", lambda *_: subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    )


def tracked(new_run, name: str) -> Run:
    return new_run(name, tracking="http://127.0.0.1:9")


def left(run: Run) -> dict[str, object]:
    return {name: content for name, content in remains(run).items() if "/tracking/" not in name}


def recorded(run: Run) -> tuple[Counter, Counter]:
    """Return how often MLflow will have each key, step and value, and what else of each kind."""
    [spool] = spools(run.runs / "tracking")
    events = [event for event, _ in unsent(spool, 0)]
    rows = Counter(
        (name, event["step"], value)
        for event in events
        if event["kind"] == "metrics"
        for name, value in event["value"].items()
    )
    others = Counter(
        (event["kind"], event.get("name"))
        for event in events
        if event["kind"] not in ("metrics", "status")
    )
    assert [event["value"] for event in events if event["kind"] == "status"][-1] == "FINISHED"
    return rows, others


def killed_at(run: Run, draw: random.Random) -> int:
    """Train in a process that dies at a random time, or before a random operation on a file."""
    if draw.random() < 0.5:
        child = in_child(run.train)
        time.sleep(draw.uniform(0.02, 1.5))
        child.kill()
    else:
        count = [draw.randint(1, 160)]

        def watch(event, arguments):
            path = str(arguments[0]) if arguments else ""
            if path.startswith(str(run.folder)):
                count[0] -= 1
                if count[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        def action():
            sys.addaudithook(watch)
            run.train()

        child = in_child(action)
    child.join()
    return child.exitcode


def survive(whole: Run, new_run, trials: int, seed: int) -> int:
    """Return how many processes were killed, once each run has ended as ``whole`` has."""
    draw, kills = random.Random(seed), 0
    reference = recorded(whole)
    assert reference[0] == expected(whole)
    for trial in range(trials):
        run = tracked(new_run, f"run{trial}")
        for _ in range(draw.choice((1, 1, 2, 3))):
            code = killed_at(run, draw)
            assert code in (0, -signal.SIGKILL)
            kills += code != 0
            if code == 0:
                break
        else:
            child = in_child(run.train)
            child.join()
            assert child.exitcode == 0
        assert left(run) == left(whole), f"trial {trial}"
        assert recorded(run) == reference, f"trial {trial}"
    return kills


@pytest.fixture
def whole_and_tracked(new_run) -> Run:
    run = tracked(new_run, "whole")
    run.train()  # here, so that its children have everything loaded
    return run


def test_killed_at_a_few_moments(whole_and_tracked, new_run):
    assert survive(whole_and_tracked, new_run, trials=4, seed=SEED) >= 3


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_killed_at_more_than_a_hundred_moments(whole_and_tracked, new_run, capsys):
    kills = survive(whole_and_tracked, new_run, trials=100, seed=SEED + 1)
    with capsys.disabled():
        print(f"\n{kills} kills in 100 runs survived")
    assert kills >= 100
