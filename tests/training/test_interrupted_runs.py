"""A run that is cut anywhere and started again leaves the same bytes as one that is not."""

import logging
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from fnmatch import fnmatch

import pytest

from ssid.errors import UserError
from ssid.training import identity, loop
from ssid.training.loop import Trainer
from support.training_runs import Run, remains, stop_at

MOMENTS = [
    ("open", ".partial.jsonl", 1),  # before anything is learnt
    ("open", "metrics.jsonl", 2),
    ("os.rename", ".partial.safetensors", 2),  # of the best student
    ("os.rename", ".step-00000004-1.*.png", 1),
    ("os.mkdir", "step-00000004.partial", 1),
    ("open", "step-00000004.partial/state.json", 1),
    ("open", "step-00000004.partial/manifest.json", 1),
    ("os.rename", "step-00000004.partial", 1),
    ("shutil.rmtree", "checkpoints/step-00000002", 1),  # a third checkpoint is there by now
    ("open", ".step-00000006-1.*.png", 1),  # after the shares of step 5, which come once more
    ("os.mkdir", "/models", 1),
    ("os.rename", "models/.student.*", 1),
    ("shutil.rmtree", "distill/checkpoints", 2),
]
"""File operations before which a run is killed: audit event, end of the path, occurrence."""


def in_child(action) -> multiprocessing.Process:
    child = multiprocessing.get_context("fork").Process(target=action, daemon=True)
    child.start()
    return child


def train_until(run: Run, is_last) -> int:
    """Train in a process that kills itself at the first file operation that is the last one."""

    def action():
        def watch(event, arguments):
            path = str(arguments[0]) if arguments else ""
            if path.startswith(str(run.folder)) and is_last(event, path):
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        run.train()

    child = in_child(action)
    child.join()
    return child.exitcode


@pytest.mark.parametrize(("event", "end", "occurrence"), MOMENTS, ids=lambda value: str(value))
def test_killed_at_a_file_operation(whole, new_run, event, end, occurrence):
    run, left = new_run(), [occurrence]

    def is_last(seen, path):
        left[0] -= seen == event and fnmatch(path, f"*{end}")
        return left[0] == 0

    assert train_until(run, is_last) == -signal.SIGKILL
    run.train()
    assert remains(run) == remains(whole)


def test_killed_again_and_again(whole, new_run):
    run, draw = new_run(), random.Random(1)
    for _ in range(8):
        left = [draw.randint(15, 60)]

        def is_last(event, path, left=left):
            left[0] -= 1
            return left[0] == 0

        if train_until(run, is_last) == 0:
            break
    run.train()
    assert remains(run) == remains(whole)


def test_killed_at_any_time(whole, new_run):
    run, draw = new_run(), random.Random(2)
    for _ in range(4):
        child = in_child(run.train)
        time.sleep(draw.uniform(0.05, 0.5))
        child.kill()
        child.join()
    run.train()
    assert remains(run) == remains(whole)


@pytest.mark.parametrize("steps", [(0,), (3,), (1, 2, 6), (7,)], ids=str)
def test_asked_to_stop(whole, new_run, monkeypatch, steps):
    run, handler = new_run(), signal.getsignal(signal.SIGTERM)
    stop_at(monkeypatch, *steps)
    for step in steps:
        with pytest.raises(KeyboardInterrupt, match=f"after step {step + 1}"):
            run.train()
        assert run.checkpoints()[-1].name == f"step-{step + 1:08d}"
    run.train()
    assert remains(run) == remains(whole)
    assert signal.getsignal(signal.SIGTERM) is handler


def test_asked_to_stop_while_the_student_is_handed_over(whole, new_run, monkeypatch):
    """What is finished is kept, and who would train another one learns that it should not."""
    run = new_run()

    hand_over = loop.hand_over

    def asked(*arguments):
        os.kill(os.getpid(), signal.SIGTERM)
        hand_over(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(loop, "hand_over", asked)
        assert run.train() is True
    assert remains(run) == remains(whole)
    assert new_run("other").train() is False


def test_the_last_checkpoints_are_the_same_to_the_byte(new_run, monkeypatch):
    once, often = new_run("once"), new_run("often")
    stop_at(monkeypatch, 7)
    with pytest.raises(KeyboardInterrupt):
        once.train()
    stop_at(monkeypatch, 0, 4, 7)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            often.train()
    assert remains(often) == remains(once)
    state = {path.name for path in once.checkpoints()[-1].iterdir()}
    assert state == {"best.safetensors", "manifest.json", "state.json", "tensors.safetensors"}


def test_a_damaged_checkpoint_leads_to_the_one_before(whole, new_run, monkeypatch, caplog):
    run = new_run()
    stop_at(monkeypatch, 6)
    with pytest.raises(KeyboardInterrupt):
        run.train()
    older, newest = run.checkpoints()
    with (newest / "tensors.safetensors").open("r+b") as file:
        file.truncate(1000)
    with caplog.at_level(logging.INFO, "ssid"):
        run.train()
    assert f"goes on after step {int(older.name[-2:])}" in caplog.text
    assert remains(run) == remains(whole)


def test_all_checkpoints_damaged_is_a_fresh_start(whole, new_run, monkeypatch):
    run = new_run()
    stop_at(monkeypatch, 5)
    with pytest.raises(KeyboardInterrupt):
        run.train()
    for path in run.checkpoints():
        (path / "manifest.json").unlink()
    run.train()
    assert remains(run) == remains(whole)


def test_a_torn_line_of_curves_is_dropped(whole, new_run, monkeypatch):
    run = new_run()
    stop_at(monkeypatch, 4)
    with pytest.raises(KeyboardInterrupt):
        run.train()
    with (run.runs / "metrics.jsonl").open("a") as file:
        file.write('{"step": 6, "train/lo')
    run.train()
    assert remains(run) == remains(whole)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 6}, "seed was 5 and is 6"),
        ({"optimizer": {"lr": 1e-3}}, "lr was 0.005 and is 0.001"),
    ],
    ids=str,
)
def test_a_changed_parameter_starts_anew(new_run, monkeypatch, caplog, change, said):
    run, fresh = new_run("run"), new_run("fresh")
    stop_at(monkeypatch, 4)
    with pytest.raises(KeyboardInterrupt):
        run.train()
    shutil.rmtree(run.runs / "panels")
    with caplog.at_level(logging.INFO, "ssid"):
        run.train(**change)
    assert "goes on" not in caplog.text
    assert said in caplog.text
    fresh.train(**change)
    assert remains(run) == remains(fresh)


def test_a_finished_run_leaves_no_checkpoint_and_no_pickle(whole):
    assert whole.checkpoints() == []
    kinds = {name.rsplit(".", 1)[1] for name in remains(whole)}
    assert kinds == {"safetensors", "jsonl", "png", "lock"}


@pytest.mark.parametrize(
    "change",
    [{"threads": 1}, {"log_every": 4}, {"checkpoint_every": 3}, {"probe_every": 2}],
    ids=str,
)
def test_what_decides_nothing_may_change_in_the_middle(whole, new_run, monkeypatch, caplog, change):
    run = new_run()
    stop_at(monkeypatch, 4)
    with pytest.raises(KeyboardInterrupt):
        run.train()
    with caplog.at_level(logging.INFO, "ssid"):
        run.train(**change)
    assert "goes on after step 5" in caplog.text
    assert _weights(run) == _weights(whole)


def test_changed_code_starts_anew_and_is_named(new_run, monkeypatch, caplog):
    run = new_run()
    stop_at(monkeypatch, 4)
    with pytest.raises(KeyboardInterrupt):
        run.train()
    changed = {**identity.source_digests(), "ssid/objective/fidelity.py": "other"}
    monkeypatch.setattr(identity, "source_digests", lambda: changed)
    with caplog.at_level(logging.INFO, "ssid"):
        run.train()
    assert "the code in ssid/objective/fidelity.py has changed" in caplog.text
    assert "goes on" not in caplog.text


def test_a_damaged_best_student_is_brought_back_from_the_checkpoint(whole, new_run, monkeypatch):
    for damage in (lambda file: file.unlink(), lambda file: file.write_bytes(b"cut")):
        run = new_run(damage.__name__ + str(id(damage)))
        stop_at(monkeypatch, 7)
        with pytest.raises(KeyboardInterrupt):
            run.train()
        damage(run.runs / "best.safetensors")
        run.train()
        assert remains(run) == remains(whole)


def test_a_best_student_that_vanishes_is_not_handed_over(whole, new_run, monkeypatch):
    run, finish = new_run(), Trainer.finish
    run.output.parent.mkdir(parents=True)
    run.output.write_bytes(b"an older student")

    def lose_and_finish(self, output):
        self.best.write_bytes(b"cut short")
        finish(self, output)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "finish", lose_and_finish)
        with pytest.raises(UserError, match=r"best\.safetensors is missing, or is not the best"):
            run.train()
    assert run.output.read_bytes() == b"an older student"
    run.train()
    assert remains(run) == remains(whole)


def _weights(run: Run):
    return {name: tensor.numpy().tobytes() for name, tensor in run.student().state_dict().items()}
