"""Processes that train together learn what one does, and stop together.

With three of them, and all that takes longer: pytest -m long -n 0 tests/training/test_processes.py
"""

import json
import signal
import subprocess
import time

import psutil
import pytest
import torch

from ssid.errors import UserError
from ssid.launch import PROCESSES, processes_wanted
from ssid.processes import check_start
from support.mlflow_history import await_step, start
from support.tracked_training import OFTEN
from support.training_runs import Run

STEPS = 9
L1 = {"l1": {"weight": 1}}
MEANS = {**L1, "hint": {"weight": 0.1}, "mean_teacher": {"weight": 0.1, "decay": 0.9}}
"""Terms that are means over images: the mean over all processes is that over the whole batch."""
CHANGES = {"objective": MEANS, "batch": {"pairs": 6, "real": 6, "patch": 32}}
ALONE = {**OFTEN, "steps": STEPS, **CHANGES}


def begin(
    run: Run, count: int, pause: float = 0, changes: dict = CHANGES, **more
) -> subprocess.Popen:
    """Train in ``count`` new processes."""
    more |= {PROCESSES: str(count), "CHANGES": json.dumps(changes)}
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
    run.train(**ALONE)
    return run


def test_a_killed_process_stops_the_others_and_the_run_goes_on(alone, new_run):
    run = new_run("together")
    process = begin(run, 2, HOLD_UNTIL_ASKED="4")
    await_step(run, 4)
    rank(process, 1).kill()
    said = finish(process)
    assert process.returncode == 1
    assert "process 1 of 2 was killed by SIGKILL, and the others were stopped." in said
    assert "The same command goes on from the last checkpoint." in said
    assert [path.name for path in run.checkpoints()][-1] == "step-00000003"
    run.train(**ALONE)
    assert_alike(run, alone)


MULTI_SCALE = {
    "model": {"name": "afrnet", "options": {"width": 4, "modules": 1, "auxiliary": True}},
    "objective": {**L1, "multi_scale": {"weight": 1, "start": 0.5}},
    "batch": {"pairs": 12, "real": 0, "patch": 32, "parts": 2},
}
UNUSED = {**MULTI_SCALE, "objective": L1}
"""What the heads of the network estimate is looked at from the middle on, or never."""


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize(
    "changes", [CHANGES, MULTI_SCALE, UNUSED], ids=["means", "multi_scale", "unused"]
)
def test_several_learn_what_one_does(new_run, count, changes):
    """There are fewer validation images than processes, too."""
    runs = {number: new_run(str(number)) for number in (1, count)}
    for number, run in runs.items():
        process = begin(run, number, changes=changes)
        assert "error" not in finish(process)
        assert process.returncode == 0
    assert_alike(runs[count], runs[1])
    weights = [path.read_text() for path in runs[count].folder.glob("weights-*.txt")]
    assert len(weights) == count
    assert len(set(weights)) == 1


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_other_numbers_of_processes_go_on_with_a_run(alone, new_run):
    run = new_run("together")
    process = begin(run, 2, HOLD_UNTIL_ASKED="3")
    await_step(run, 3)
    process.send_signal(signal.SIGTERM)
    said = finish(process)
    assert process.returncode == 130
    assert said.count("interrupted: stopped after step 4, which is saved") == 1
    process = begin(run, 3, HOLD_UNTIL_ASKED="7")
    await_step(run, 7)
    children = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=120)  # they stop, as their launcher is gone
    assert not alive
    assert "goes on after step 8" in finish(begin(run, 1))
    assert_alike(run, alone)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_ctrl_c_ends_all_at_once(new_run, number):
    run = new_run("together")
    process = begin(run, 2, HOLD="5")
    await_step(run, 5)
    children = psutil.Process(process.pid).children()
    process.send_signal(number)
    time.sleep(2)  # what comes within a second counts as the same
    process.send_signal(signal.SIGINT)
    finish(process)
    assert process.returncode == 130
    _, alive = psutil.wait_procs(children, timeout=60)
    assert not alive
    assert run.checkpoints()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_batch_that_cannot_be_shared_is_one_message(new_run):
    batch = {"pairs": 4, "real": 4, "patch": 32}
    process = begin(new_run("together"), 3, changes={**CHANGES, "batch": batch})
    said = finish(process)
    assert process.returncode == 1
    assert "batch.pairs is 4, which 3 processes cannot share equally" in said


@pytest.mark.long
@pytest.mark.timeout(600)
def test_torchrun_is_followed_to_its_end(alone, new_run):
    run = new_run("together")
    torchrun = ("-m", "torch.distributed.run", "--nproc-per-node", "2")
    more = {"ACCELERATE_USE_CPU": "true", "HOLD_UNTIL_ASKED": "5"}
    process = begin(run, 1, launcher=torchrun, **more)
    await_step(run, 5)
    children = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=120)
    assert not alive
    finish(begin(run, 1))
    assert_alike(run, alone)


@pytest.mark.parametrize("found", ["0", "-1", "two", "1e3", ""])
def test_what_is_no_number_of_processes_is_refused(monkeypatch, found):
    monkeypatch.setenv(PROCESSES, found)
    with pytest.raises(UserError, match="SSID_PROCESSES: found"):
        processes_wanted()


def test_processes_that_do_not_see_the_same_checkpoints_do_not_start(monkeypatch, tmp_path):
    monkeypatch.setattr("ssid.processes.gather_object", lambda found: [*found, 0])
    with pytest.raises(UserError, match=r"after steps \[500, 0\].*all of the machines share"):
        check_start(None, 500, tmp_path)
