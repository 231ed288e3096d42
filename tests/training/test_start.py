"""Terms that start in the middle of a run."""

import pytest

from ssid.objective import Setup
from ssid.objective.objective import Objective
from ssid.objective.params import TermParams
from support.training_networks import PRENET, RRG_8, Counted, build, random_batch, scene_for
from support.training_runs import Run, remains, stop_at

STEPS = 8
LATE = {
    "l1": {"weight": 1},
    "hint": {"weight": 0.1, "start": 0.25},
    "mean_teacher": {"weight": 0.1, "decay": 0.9, "start": 0.5},
    "sirr": {"weight": 0.001, "start": 0.4},  # from the fifth step of eight on: 3 / 8 < 0.4
}
FIRST_STEPS = {"l1": 1, "hint": 3, "mean_teacher": 5, "sirr": 5}
"""Counted from 1, as curves do."""


def late_objective(name: str, start: float, **options) -> Objective:
    params = {"l1": TermParams(weight=1), name: TermParams(weight=2, start=start, **options)}
    return Objective(params, Setup(build(PRENET, 1), build(RRG_8, 2)), real_count=2)


@pytest.fixture(scope="module")
def late(tmp_path_factory, prepared, teacher_file) -> Run:
    """Return a finished run that logs every step."""
    run = Run(tmp_path_factory.mktemp("late"), prepared, teacher_file)
    run.train(objective=LATE, steps=STEPS, log_every=1, probe_every=1)
    return run


def test_a_start_of_0_is_no_other_run():
    plain, spelt, late = (
        TermParams(weight=1).model_dump(),
        TermParams(weight=1, start=0).model_dump(),
        TermParams(weight=1, start=0.5).model_dump(),
    )
    assert plain == spelt == {"weight": 1}
    assert late == {"weight": 1, "start": 0.5}


def test_until_its_start_a_term_is_0_and_nothing_looks_for_it():
    objective, student, teacher = late_objective("imitation", 0.5), Counted(build(PRENET)), None
    for done, sizes in ((0.0, []), (0.49, []), (0.5, [2]), (0.99, [2])):
        objective.done = done
        teacher = Counted(build(RRG_8))
        values = objective(scene_for(objective, student, teacher, random_batch(real=0)))
        assert teacher.sizes == sizes
        assert (values["imitation"] > 0) == bool(sizes)
        assert values["l1"] > 0
    assert student.sizes == [2] * 4


@pytest.mark.parametrize("steps", [10, 100])
def test_a_fraction_is_met_at_its_step_and_not_one_later(steps):
    for first in range(steps):  # 0.07 · 100, for one, is above 7
        objective = late_objective("mse", float(f"{first / steps:.2f}"))
        for step in (first - 1, first):
            objective.done = step / steps
            assert (len(objective.started) == 2) == (step >= first)


def test_what_a_waiting_term_trains_is_left_alone():
    """No gradient, not even of 0: an optimizer would count the step."""
    objective = late_objective("hint", 0.5)
    sum(objective(scene_for(objective, build(PRENET), None)).values()).backward()
    gradients = [parameter.grad for parameter in objective.parameters()]
    assert gradients
    assert all(gradient is None for gradient in gradients)


def test_curves_are_0_until_the_start(late):
    for name, first in FIRST_STEPS.items():
        curve = late.curve(f"train/term/{name}")
        assert list(curve) == list(range(1, STEPS + 1))
        assert all((value != 0) == (step >= first) for step, value in curve.items()), name


def test_a_waiting_term_has_no_share_and_causes_no_warning(late, new_run, caplog):
    for name, first in FIRST_STEPS.items():
        assert list(late.curve(f"train/grad_share/{name}")) == list(range(first, STEPS + 1))
    new_run().train(steps=2, objective={"l1": {"weight": 1}, "mse": {"weight": 1, "start": 0.5}})
    assert not [r for r in caplog.records if "changes nothing" in r.getMessage()]


@pytest.mark.parametrize("steps", [(1, 2), (3, 4), (4, 6)], ids=str)
def test_cut_around_its_start_a_run_ends_the_same(late, new_run, monkeypatch, steps):
    run = new_run()
    stop_at(monkeypatch, *steps)
    for _ in steps:
        with pytest.raises(KeyboardInterrupt):
            run.train(objective=LATE, steps=STEPS, log_every=1, probe_every=1)
    run.train(objective=LATE, steps=STEPS, log_every=1, probe_every=1)
    assert remains(run) == remains(late)


def test_before_the_start_the_student_learns_as_without_the_term(new_run):
    plain, late = new_run("plain"), new_run("late")
    l1, mse = {"l1": {"weight": 1}}, {"mse": {"weight": 5, "start": 0.5}}
    for run, objective in ((plain, l1), (late, l1 | mse)):
        run.train(objective=objective, log_every=1)
    curves = plain.curve("train/term/l1"), late.curve("train/term/l1")
    assert [a == b for a, b in zip(*map(dict.values, curves), strict=True)][:6] == [True] * 5 + [
        False
    ]
