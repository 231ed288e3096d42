"""What every loss between a student's and a teacher's feature map must do."""

from functools import partial

import pytest
import torch

from ssid.objective.affinity import channel_affinity_loss, spatial_affinity_loss
from ssid.objective.attention import attention_loss
from ssid.objective.hint import hint_loss
from ssid.objective.rain_prior import rain_prior_loss, recurrent_rain_prior_loss
from ssid.objective.statistics import STATISTICS, statistics_loss

ANY_WIDTH = {
    "rain_prior": rain_prior_loss,
    "recurrent_rain_prior": lambda student, teacher: recurrent_rain_prior_loss(student, [teacher]),
    "spatial_affinity": spatial_affinity_loss,
    "attention": attention_loss,
    **{f"statistics_{how}": partial(statistics_loss, how=how) for how in STATISTICS},
}
EQUAL_WIDTH = {"hint": hint_loss, "channel_affinity": channel_affinity_loss}
LOSSES = ANY_WIDTH | EQUAL_WIDTH

PAIRS = [
    ((2, 4, 8, 8), (2, 4, 8, 8)),
    ((1, 4, 16, 12), (1, 4, 8, 6)),
    ((2, 4, 5, 7), (2, 4, 9, 20)),
    ((2, 3, 8, 8), (2, 7, 16, 16)),
    ((1, 8, 9, 4), (1, 1, 3, 8)),
]
CASES = [
    pytest.param(loss, student, teacher, id=f"{name}-{student}-{teacher}")
    for name, loss in LOSSES.items()
    for student, teacher in PAIRS
    if name in ANY_WIDTH or student[1] == teacher[1]
]


@pytest.mark.parametrize(("loss", "student_shape", "teacher_shape"), CASES)
def test_gradient_reaches_the_student_alone(loss, student_shape, teacher_shape):
    student = torch.randn(student_shape, requires_grad=True)
    teacher = torch.randn(teacher_shape, requires_grad=True)
    value = loss(student, teacher)
    assert value.shape == ()
    assert value > 0
    value.backward()
    assert teacher.grad is None
    assert student.grad.isfinite().all()
    assert (student.grad != 0).any()


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_equal_features_cost_nothing(loss):
    features = torch.randn(2, 4, 6, 10)
    assert loss(features, features.clone()) == 0


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_step_against_the_gradient_lowers_the_loss(loss):
    student = torch.randn(2, 4, 6, 6, requires_grad=True)
    teacher = torch.randn(2, 4, 6, 6)
    before = loss(student, teacher)
    (gradient,) = torch.autograd.grad(before, student)
    assert loss(student - 1e-2 * gradient / gradient.norm(), teacher) < before


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_strength_does_not_depend_on_the_batch_size(loss):
    student, teacher = torch.randn(2, 4, 6, 6), torch.randn(2, 4, 6, 6)
    repeated = loss(student.repeat(3, 1, 1, 1), teacher.repeat(3, 1, 1, 1))
    torch.testing.assert_close(repeated, loss(student, teacher))


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_half_precision_features_give_a_float32_loss(loss):
    student, teacher = torch.randn(2, 4, 6, 6).bfloat16(), torch.randn(2, 4, 6, 6).bfloat16()
    value = loss(student, teacher)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, loss(student.float(), teacher.float()))


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_dead_positions_and_channels_keep_the_gradient_small(loss):
    # ReLU networks give exact zeros; cosines of them explode when guarded by an epsilon alone.
    student = torch.randn(1, 4, 6, 6)
    student[:, :, 2, 3] = 0
    student[:, 1] = 0
    student.requires_grad_()
    loss(student, torch.randn(1, 4, 6, 6)).backward()
    assert student.grad.abs().max() < 10
