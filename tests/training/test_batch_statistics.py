"""Networks with batch normalisation: their statistics belong to the state of a run."""

from copy import deepcopy

import pytest
import torch

from ssid.models import load_model, save_model
from ssid.objective import Setup
from ssid.objective.objective import Objective
from ssid.objective.params import TermParams
from support.training_networks import DDN, RRG_8, build
from support.training_runs import Run, remains, stop_at

MODEL = {"model": {"name": DDN[0], "options": DDN[1]}}


def statistics(network) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in network.named_buffers()}


def equal(ours, theirs) -> bool:
    return all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())


def test_measuring_features_leaves_them_alone():
    student = build(DDN)
    before = deepcopy(statistics(student))
    Objective({"hint": TermParams(weight=1)}, Setup(student, build(RRG_8)), 0)
    assert student.training
    assert equal(statistics(student), before)


def test_they_are_learnt_and_stored_with_the_student(new_run):
    run = new_run(distill=False)
    fresh = statistics(build(DDN))
    run.train(**MODEL)
    learnt = statistics(run.student())
    assert not any(torch.equal(tensor, fresh[name]) for name, tensor in learnt.items())


def test_a_run_that_was_cut_ends_the_same(new_run, monkeypatch):
    whole, cut = new_run("whole"), new_run("cut")
    whole.train(**MODEL)
    stop_at(monkeypatch, 2, 5)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            cut.train(**MODEL)
    cut.train(**MODEL)
    assert remains(cut) == remains(whole)


def test_the_teacher_keeps_its_own(prepared, tmp_path):
    file = tmp_path / "teacher.safetensors"
    save_model(file, build(DDN, seed=3))
    run = Run(tmp_path, prepared, file)
    job = run.job()
    before = statistics(job.teacher)
    run.train()
    assert not job.teacher.training
    assert equal(statistics(load_model(file)), before)
