"""The objective that the project ships: every term of it does something."""

import pytest
import torch

from ssid.config.load import load_params
from ssid.models import load_model
from ssid.training.params import TrainingParams
from support.repository import ROOT
from support.training_runs import Run

PARAMS = load_params(ROOT / "params/student.yaml", TrainingParams)
OBJECTIVE = {name: term.model_dump() for name, term in PARAMS.objective.items()}
MODEL = {"name": "rrg", "options": {"channels": 8, "msrbs": 1}}


def learn(run, objective):
    run.train(objective=objective, model=MODEL, steps=2)
    return load_model(run.output).state_dict()


@pytest.fixture(scope="module")
def whole(tmp_path_factory, prepared, teacher_file):
    run = Run(tmp_path_factory.mktemp("demo"), prepared, teacher_file)
    return learn(run, OBJECTIVE)


@pytest.mark.parametrize("term", OBJECTIVE)
def test_without_a_term_the_student_is_another(whole, new_run, term):
    objective = {**OBJECTIVE, term: {**OBJECTIVE[term], "weight": 0}}
    student = learn(new_run(), objective)
    assert any(not torch.equal(tensor, whole[name]) for name, tensor in student.items())


def test_the_same_objective_gives_the_same_student(whole, new_run):
    student = learn(new_run(), OBJECTIVE)
    assert all(torch.equal(tensor, whole[name]) for name, tensor in student.items())
