"""Distil where a network looks (attention transfer, Zagoruyko and Komodakis, ICLR 2017)."""

import torch
from torch import Tensor

from ssid.objective.geometry import to_common_size
from ssid.objective.registry import term
from ssid.objective.scene import Scene, last_map


def attention_map(features: Tensor) -> Tensor:
    """Return Q / (‖Q‖₂ + 1e-6) with Q = Σ_c F_c², N×1×H×W float32 of length 1 per image."""
    energy = features.float().square().sum(1, keepdim=True)
    return energy / (energy.norm(dim=(2, 3), keepdim=True) + 1e-6)


def attention_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Return ‖Q̂^T − Q̂^S‖₂² averaged over images, between 0 and 2.

    Source: Eq. 2 of attention transfer, squared. Usual code divides by the number of positions,
    too, which makes the strength depend on the patch; the maps are of length 1 already.

    Args:
        student: N×C×H×W.
        teacher: N×K×h×w, detached here; width and size may differ.
    """
    student, teacher = to_common_size(student, teacher)
    difference = attention_map(teacher) - attention_map(student)
    return difference.square().sum(dim=(1, 2, 3)).mean()


@term("attention", kind="distillation", student=("rainy",), teacher=("rainy",))
def attention(scene: Scene, *, levels: bool = False) -> Tensor:
    """Match maps of feature energy; attention transfer (ICLR 2017), Eq. 2.

    With ``levels``, the sum over the networks' pyramids instead of the last map: AFR-Net's refined
    features u0 to u3, from ``afrnet`` to ``afrnet_student``, beside ``l1`` and ``imitation``.
    """
    if not levels:
        return attention_loss(last_map(scene.student("rainy")), last_map(scene.teacher("rainy")))
    pyramids = [
        stages[-1].features.levels for stages in (scene.student("rainy"), scene.teacher("rainy"))
    ]
    student, teacher = map(len, pyramids)
    if student != teacher or not student:
        raise ValueError(
            f"levels: true compares pyramids of features, and student and teacher have {student}"
            f" and {teacher} levels: choose levels: false"
        )
    return torch.stack([attention_loss(*pair) for pair in zip(*pyramids, strict=True)]).sum()
