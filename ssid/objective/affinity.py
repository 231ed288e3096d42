"""Distil how alike positions (or channels) of a feature map are (FAKD, He et al., ICIP 2020)."""

import math

from torch import Tensor

from ssid.objective.geometry import area_pool, to_common_size
from ssid.objective.registry import term
from ssid.objective.scene import Scene, last_map


def spatial_affinity_loss(student: Tensor, teacher: Tensor, max_positions: int = 1024) -> Tensor:
    """Return mean |S^T − S^S| of the cosines S = F̂ᵀF̂ between all pairs of positions.

    Source: FAKD. The affinities of a map take (H·W)² numbers, so maps of more than
    ``max_positions`` positions are averaged over areas until they fit: memory is bounded by
    N · max_positions² whatever the patch. Smaller maps are compared exactly. The published run
    (64×64 patches, no pooling) is ``max_positions=4096``.

    Args:
        student: N×C×H×W.
        teacher: N×K×h×w, detached here; width and size may differ.
        max_positions: largest number of positions to compare.
    """
    student, teacher = to_common_size(student, teacher)
    size = _bounded_size(student.shape[2], student.shape[3], max_positions)
    student_map, teacher_map = area_pool(student, size), area_pool(teacher, size)
    return _affinity_loss(student_map.flatten(2), teacher_map.flatten(2))


def channel_affinity_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Return mean |S^T − S^S| of the cosines S between all pairs of channels.

    Source: FAKD's repository, which offers it beside the spatial one.

    Args:
        student: N×C×H×W.
        teacher: N×C×h×w, detached here; sizes may differ, widths may not (put a
            :class:`ssid.objective.hint.HintRegressor` before it).
    """
    student, teacher = to_common_size(student, teacher)
    return _affinity_loss(student.flatten(2).mT, teacher.flatten(2).mT)


def _affinity_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Compare the cosines between columns of student N×C×P and teacher N×K×P."""
    return (_affinity(teacher) - _affinity(student)).abs().mean()


def _affinity(vectors: Tensor) -> Tensor:
    length = vectors.norm(dim=1, keepdim=True)
    # A position where all channels are dead has no direction. As published, without the mask, it
    # would receive a gradient of 1e8.
    unit = vectors / (length + 1e-8) * (length > 0)
    return unit.mT @ unit


def _bounded_size(height: int, width: int, max_positions: int) -> tuple[int, int]:
    """Return a size of about the same aspect with at most ``max_positions`` pixels."""
    if height * width <= max_positions:
        return height, width
    rows = int(height * math.sqrt(max_positions / (height * width)))
    rows = min(max(rows, 1), max_positions)
    return rows, min(width, max_positions // rows)


@term("spatial_affinity", kind="distillation", student=("rainy",), teacher=("rainy",))
def spatial_affinity(scene: Scene, *, max_positions: int = 1024) -> Tensor:
    """Match the cosines between positions; FAKD (ICIP 2020)."""
    return spatial_affinity_loss(
        last_map(scene.student("rainy")), last_map(scene.teacher("rainy")), max_positions
    )


@term("channel_affinity", kind="distillation", student=("rainy",), teacher=("rainy",))
def channel_affinity(scene: Scene) -> Tensor:
    """Match the cosines between channels, where both networks have the same number of them."""
    student, teacher = last_map(scene.student("rainy")), last_map(scene.teacher("rainy"))
    if student.shape[1] != teacher.shape[1]:
        raise ValueError(
            f"it compares channels, and they have {student.shape[1]} and {teacher.shape[1]}:"
            " choose spatial_affinity, or hint"
        )
    return channel_affinity_loss(student, teacher)
