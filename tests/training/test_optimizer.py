"""The learning rate is a pure function; its courses are those of PyTorch's schedulers."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.optim import lr_scheduler

from ssid.training.optimizer import learning_rate, make_optimizer, plateaus
from ssid.training.params import OptimizerParams, ScheduleParams

STEPS = 40


def course(schedule, base=1.0, scores=()):
    return [learning_rate(schedule, base, step, STEPS, scores) for step in range(STEPS)]


def reference(scheduler, **options):
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0)
    schedule, rates = scheduler(optimizer, **options), []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


def test_constant():
    assert course(ScheduleParams(), 0.3) == [0.3] * STEPS


def test_milestones_agree_with_pytorch():
    schedule = ScheduleParams(name="milestones", milestones=[0.25, 0.75], factor=0.1)
    expected = reference(lr_scheduler.MultiStepLR, milestones=[10, 30], gamma=0.1)
    assert course(schedule) == pytest.approx(expected)


def test_cosine_agrees_with_pytorch():
    expected = reference(lr_scheduler.CosineAnnealingLR, T_max=STEPS)
    assert course(ScheduleParams(name="cosine")) == pytest.approx(expected)
    assert min(course(ScheduleParams(name="cosine", min_lr=0.2))) == 0.2


@pytest.mark.parametrize("patience", [0, 1, 3])
def test_plateau_agrees_with_pytorch(patience):
    scores = [20.0, 21, 21, 20, 22, 21, 21, 21, 21, 21, 21, 23, 22, 22, 22, 22, 22, 22]
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0)
    theirs = lr_scheduler.ReduceLROnPlateau(
        optimizer, mode="max", factor=0.5, patience=patience, threshold=0
    )
    ours = ScheduleParams(name="plateau", factor=0.5, patience=patience)
    for count, score in enumerate(scores, 1):
        theirs.step(score)
        rate = learning_rate(ours, 1.0, 0, STEPS, scores[:count])
        assert rate == pytest.approx(optimizer.param_groups[0]["lr"])
    assert plateaus(scores, patience) > 0


def test_warmup_rises_to_the_full_rate():
    rates = course(ScheduleParams(warmup=0.1), 0.8)
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8])


@given(
    name=st.sampled_from(["constant", "milestones", "cosine", "plateau"]),
    warmup=st.floats(0, 1, exclude_max=True),
    steps=st.integers(1, 100),
)
def test_the_rate_never_exceeds_its_full_height(name, warmup, steps):
    milestones = [0.5] if name == "milestones" else []
    schedule = ScheduleParams(name=name, milestones=milestones, warmup=warmup)
    rates = [learning_rate(schedule, 0.3, step, steps, [1.0] * step) for step in range(steps)]
    assert 0 <= min(rates) <= max(rates) <= 0.3
    rising = [rate for step, rate in enumerate(rates) if step / steps < warmup]
    assert rising == sorted(rising)


def test_a_plateau_of_no_scores():
    assert plateaus([], 0) == 0


@pytest.mark.parametrize("name", ["adam", "adamax", "adamw"])
def test_the_optimizer_holds_what_can_learn(name):
    network = nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1).requires_grad_(False)])
    optimizer = make_optimizer(OptimizerParams(name=name, lr=0.1, weight_decay=0.2), network)
    assert type(optimizer).__name__.lower() == name
    [group] = optimizer.param_groups
    assert (group["lr"], group["weight_decay"]) == (0.1, 0.2)
    assert {id(p) for p in group["params"]} == {id(p) for p in network[0].parameters()}
