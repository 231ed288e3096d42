"""Bring the feature maps of a student and its teacher to one size and precision."""

import torch.nn.functional as F
from torch import Tensor


def to_common_size(student: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor]:
    """Return both maps in float32 at the coarser height and width, the teacher's detached.

    The finer map is averaged over areas, so strides and sizes of the two networks may differ and
    every pixel counts. Maps of equal size keep their values.

    Args:
        student: N×C×H×W.
        teacher: N×K×h×w.

    Returns:
        N×C×min(H,h)×min(W,w) with gradient, and N×K×min(H,h)×min(W,w) without.
    """
    size = (min(student.shape[2], teacher.shape[2]), min(student.shape[3], teacher.shape[3]))
    return area_pool(student.float(), size), area_pool(teacher.detach().float(), size)


def area_pool(features: Tensor, size: tuple[int, int]) -> Tensor:
    """Return N×C×H×W averaged over areas to N×C×size; the same tensor where sizes agree."""
    return features if features.shape[2:] == size else F.adaptive_avg_pool2d(features, size)
