"""Match one-channel statistics of feature maps (SRKD): no adapter between widths is needed."""

from collections.abc import Callable
from typing import Annotated

from torch import Tensor

from ssid.config.base import registered
from ssid.objective.geometry import to_common_size
from ssid.objective.registry import term
from ssid.objective.scene import Scene, last_map
from ssid.registry import Registry

STATISTICS: Registry[Callable[[Tensor], Tensor]] = Registry("channel statistic")
StatisticName = Annotated[str, registered(STATISTICS)]
STATISTICS.add("sum_sq", lambda features: features.sum(1, keepdim=True).square())
STATISTICS.add("mean_sq", lambda features: features.mean(1, keepdim=True).square())
STATISTICS.add("max_sq", lambda features: features.amax(1, keepdim=True).square())
STATISTICS.add("min_sq", lambda features: features.amin(1, keepdim=True).square())


def aggregate(features: Tensor, how: str = "sum_sq") -> Tensor:
    """Return D̃ = (Σ_c D_c)², or the square of another statistic over the channels.

    Source: Eq. 1 of rain-prior distillation (ICIP 2022) for ``sum_sq``. ``sum_sq`` grows with
    the square of the width at equal magnitude per channel; ``mean_sq`` does not, and suits
    teachers and students of different widths.

    Args:
        features: N×C×H×W.
        how: ``sum_sq``, ``mean_sq``, ``max_sq`` or ``min_sq``.

    Returns:
        N×1×H×W, not negative, float32.

    Raises:
        UserError: if ``how`` is unknown.
    """
    return STATISTICS[how](features.float())


def statistics_loss(student: Tensor, teacher: Tensor, how: str = "sum_sq") -> Tensor:
    """Return the mean absolute difference of the channel statistics of two feature maps.

    Source: SRKD, as the baseline of rain-prior distillation (ICIP 2022, Table 6): Eq. 1 on the
    plain feature of the rainy image. Its other three maps are reconstructed (mean, maximum and
    minimum, squared), and the distance is that of Eq. 2, which the paper of SRKD may not share.

    Args:
        student: N×C×H×W.
        teacher: N×K×h×w, detached here. Maps of different sizes are compared at the coarser
            one; they are aggregated first, because averaging signed features would cancel them.
        how: name of the statistic, see :func:`aggregate`.
    """
    student_map, teacher_map = to_common_size(aggregate(student, how), aggregate(teacher, how))
    return (teacher_map - student_map).abs().mean()


@term("statistics", kind="distillation", student=("rainy",), teacher=("rainy",))
def statistics(scene: Scene, *, statistic: StatisticName = "sum_sq") -> Tensor:
    """Match a statistic over channels of the plain features; SRKD."""
    return statistics_loss(
        last_map(scene.student("rainy")), last_map(scene.teacher("rainy")), statistic
    )
