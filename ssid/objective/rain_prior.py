"""Distil what rain changes in the features of a network (rain-prior injected KD, ICIP 2022)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ssid.objective.registry import term
from ssid.objective.scene import Scene, last_map
from ssid.objective.statistics import StatisticName, statistics_loss


def rain_residual(rainy_map: Tensor, clean_map: Tensor) -> Tensor:
    """Return D = FE(I_r) − FE(I_c), what rain adds to a feature map, N×C×H×W float32.

    Source: section "Idea" of rain-prior distillation. For photographs of real rain the teacher's
    estimate stands in for the clean image I_c.
    """
    return rainy_map.float() - clean_map.float()


def rain_prior_loss(
    student_residual: Tensor, teacher_residual: Tensor, how: str = "sum_sq"
) -> Tensor:
    """Return L_dis = mean |D̃^T − D̃^S| over images and positions.

    Source: Eq. 1–2 of rain-prior distillation. The paper leaves the reduction of |·| open; the
    mean is ours. It is the statistics loss of SRKD on residuals instead of plain features.

    Args:
        student_residual: N×C×H×W, see :func:`rain_residual`.
        teacher_residual: N×K×h×w, detached here; width and size may differ.
        how: aggregation over channels, see :func:`ssid.objective.statistics.aggregate`. The paper's
            is ``sum_sq``. Only ``sum_sq`` and ``mean_sq`` ignore the sign of the residual.
    """
    return statistics_loss(student_residual, teacher_residual, how)


def recurrent_rain_prior_loss(
    student_residual: Tensor, teacher_residuals: Sequence[Tensor], how: str = "sum_sq"
) -> Tensor:
    """Return L_dis = Σ_i mean |D̃_i^T − D̃^S| over the M recurrences of a teacher.

    Source: Eq. 5 of rain-prior distillation. Each D_i comes from running the chain of estimates
    from the rainy and from the clean image (our reading; the paper is brief here).

    Args:
        student_residual: N×C×H×W, the student's single residual.
        teacher_residuals: M maps N×K×h×w, detached here.
        how: name of the statistic, see :func:`rain_prior_loss`.
    """
    losses = [rain_prior_loss(student_residual, teacher, how) for teacher in teacher_residuals]
    return torch.stack(losses).sum()


@term(
    "rain_prior",
    kind="distillation",
    student=("rainy", "clean"),
    teacher=("rainy", "clean"),
)
def rain_prior(scene: Scene, *, aggregate: StatisticName = "sum_sq") -> Tensor:
    """Match what rain adds to the features; rain-prior distillation (ICIP 2022), Eq. 1–2."""
    return rain_prior_loss(*_residuals(scene), aggregate)


@term(
    "recurrent_rain_prior",
    kind="distillation",
    student=("rainy", "clean"),
    teacher=("rainy", "clean"),
)
def recurrent_rain_prior(scene: Scene, *, aggregate: StatisticName = "sum_sq") -> Tensor:
    """Match the residual of every recurrence of the teacher; Eq. 5 of the same paper."""
    student, _ = _residuals(scene)
    stages = zip(scene.teacher("rainy"), scene.teacher("clean"), strict=True)
    teacher = [rain_residual(rainy.features.map, clean.features.map) for rainy, clean in stages]
    return recurrent_rain_prior_loss(student, teacher, aggregate)


def _residuals(scene: Scene) -> tuple[Tensor, Tensor]:
    """Return the rain residual of the student's and of the teacher's last stage."""
    student, teacher = (
        rain_residual(last_map(network("rainy")), last_map(network("clean")))
        for network in (scene.student, scene.teacher)
    )
    return student, teacher
