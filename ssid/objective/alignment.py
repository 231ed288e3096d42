"""Terms that learn from real rain, for which there is no target."""

from typing import Any

from torch import Tensor

from ssid.models import Stage
from ssid.objective.distances import DISTANCES, DistanceName
from ssid.objective.rain_prior import rain_residual
from ssid.objective.registry import term
from ssid.objective.scene import Scene, last_code, last_map
from ssid.objective.statistics import aggregate


@term(
    "code_alignment",
    kind="alignment",
    choices={"distance": DISTANCES},
    student=("real",),
    teacher=("rainy",),
)
def code_alignment(scene: Scene, *, distance: DistanceName = "code_kl", **options: Any) -> Tensor:
    """Bring codes of real rain to the teacher's codes of synthetic rain; SSID-KD, corrected.

    Student and teacher need codes of the same width; others use ``code_self_alignment``.
    """
    return DISTANCES[distance](
        last_code(scene.student("real")), last_code(scene.teacher("rainy")), **options
    )


@term(
    "code_self_alignment",
    kind="alignment",
    choices={"distance": DISTANCES},
    student=("real", "rainy"),
)
def code_self_alignment(
    scene: Scene, *, distance: DistanceName = "code_kl", **options: Any
) -> Tensor:
    """Bring the student's codes of real rain to its own codes of synthetic rain.

    ``code_kl_as_published`` here is SSID-KD's student stage as its code has it.
    """
    return DISTANCES[distance](
        last_code(scene.student("real")), last_code(scene.student("rainy")), **options
    )


@term(
    "rain_alignment",
    kind="alignment",
    choices={"distance": DISTANCES},
    student=("real", "pseudo_clean"),
    teacher=("rainy", "clean"),
)
def rain_alignment(
    scene: Scene, *, distance: DistanceName = "sliced_wasserstein", **options: Any
) -> Tensor:
    """Bring the rain features of real rain to the teacher's rain features of synthetic rain.

    Networks of different widths meet in one channel, the ``mean_sq`` statistic of both residuals.
    """
    student = _rain(scene.student("real"), scene.student("pseudo_clean"))
    teacher = _rain(scene.teacher("rainy"), scene.teacher("clean"))
    if student.shape[1] != teacher.shape[1]:
        if distance.startswith("code_kl"):
            raise ValueError(
                f"{distance} compares channels, and the networks have {student.shape[1]} and"
                f" {teacher.shape[1]}: choose another distance, or rain_self_alignment"
            )
        student, teacher = aggregate(student, "mean_sq"), aggregate(teacher, "mean_sq")
    return DISTANCES[distance](student, teacher, **options)


@term(
    "rain_self_alignment",
    kind="alignment",
    choices={"distance": DISTANCES},
    student=("rainy", "clean", "real", "pseudo_clean"),
)
def rain_self_alignment(
    scene: Scene, *, distance: DistanceName = "sliced_wasserstein", **options: Any
) -> Tensor:
    """Bring what real rain adds to the student's features to what synthetic rain adds to them."""
    real = _rain(scene.student("real"), scene.student("pseudo_clean"))
    return DISTANCES[distance](
        real, _rain(scene.student("rainy"), scene.student("clean")), **options
    )


def _rain(rainy: list[Stage], clean: list[Stage]) -> Tensor:
    return rain_residual(last_map(rainy), last_map(clean))
