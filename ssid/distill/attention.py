"""Distil where a network looks (attention transfer, Zagoruyko and Komodakis, ICLR 2017)."""

from torch import Tensor

from ssid.distill.geometry import to_common_size


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
