"""Learn from photographs of real rain by pseudo labels: averaged teacher, confidence, re-raining.

The other two semi-supervised strategies have files of their own: ``mixture`` (SIRR) and
``gaussian_process`` (Syn2Real).
"""

from collections.abc import Callable
from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssid.objective.fidelity import ssim
from ssid.objective.registry import Setup, term
from ssid.objective.scene import Scene


@torch.no_grad()
def ema_update(ema_model: nn.Module, model: nn.Module, decay: float = 0.999) -> None:
    """Move a teacher towards its student in place: θ' ← decay · θ' + (1 − decay) · θ.

    Source: mean teacher (Tarvainen and Valpola, NeurIPS 2017); 0.999 per step in MOSS (CVPR
    2021). Buffers are copied: MOSS and others leave them behind, which freezes the statistics of
    batch normalisation.

    Args:
        ema_model: the averaged teacher; its parameters need no gradient.
        model: the student, of the same architecture.
        decay: share of the old value that is kept, 0..1.
    """
    for average, parameter in zip(ema_model.parameters(), model.parameters(), strict=True):
        average.lerp_(parameter, 1 - decay)
    for copy, buffer in zip(ema_model.buffers(), model.buffers(), strict=True):
        copy.copy_(buffer)


@torch.no_grad()
def flip_consensus(
    derain: Callable[[Tensor], Tensor], rainy: Tensor, tolerance: float = 0.02
) -> tuple[Tensor, Tensor]:
    """Return pseudo labels and how far a derainer agrees with itself on mirrored photographs.

    The quality measure without reference is ours: rain and background look alike mirrored left to
    right, so a pixel on which the two estimates differ is one that the teacher guesses. It costs
    two forward passes. It cannot see rain that both estimates leave in place.

    Args:
        derain: the teacher, N×3×H×W to N×3×H×W.
        rainy: N×3×H×W, RGB in [0, 1].
        tolerance: half the difference, in units of the image range, at which confidence is 1/e.

    Returns:
        The mean of both estimates in [0, 1], N×3×H×W, and the confidence exp(−d / tolerance) in
        (0, 1], N×1×H×W, where d is half their absolute difference averaged over RGB.
    """
    upright = derain(rainy).float().clamp(0, 1)
    mirrored = derain(rainy.flip(-1)).flip(-1).float().clamp(0, 1)
    disagreement = (upright - mirrored).abs().mean(1, keepdim=True) / 2
    return (upright + mirrored) / 2, torch.exp(-disagreement / tolerance)


def pseudo_label_loss(derained: Tensor, pseudo_label: Tensor, confidence: Tensor) -> Tensor:
    """Return mean confidence · |derained − pseudo_label|.

    It is not divided by the total confidence: a teacher unsure everywhere should count less.

    Args:
        derained: the student's estimate, N×3×H×W.
        pseudo_label: N×3×H×W, detached here.
        confidence: N×1×H×W or N×1×1×1 in [0, 1], detached here.
    """
    error = (derained.float() - pseudo_label.detach().float()).abs()
    return (confidence.detach().float() * error).mean()


@term("rerained", kind="alignment", student=("rerained",), images=("clean",))
def rerained(scene: Scene) -> Tensor:
    """Remove the rain layers that the teacher found in real photographs from clean ones.

    After the self-training of MOSS (CVPR 2021): the rain is real, and the target is known.
    """
    return F.l1_loss(scene.student("rerained")[-1].image.float(), scene.batch.clean)


@term("self_rerained", kind="alignment", student=("self_rerained",), images=("clean", "real"))
def self_rerained(scene: Scene) -> Tensor:
    """Remove the streaks that the student itself found in real photographs from clean ones.

    Ours: self-training like ``rerained`` without a teacher, whose layers would stay as they are.
    The student's own, amplified, grow with what it learns. Loss: l1 + 1 − SSIM, as on pairs.
    """
    derained, clean = scene.student("self_rerained")[-1].image.float(), scene.batch.clean
    return F.l1_loss(derained, clean) + 1 - ssim(derained, clean)


class MeanTeacher(nn.Module):
    """The student's exponential moving average (Tarvainen and Valpola, NeurIPS 2017).

    It begins at the first step of the term, which may ``start`` in the middle of a run.
    """

    steps: Tensor

    def __init__(self, setup: Setup) -> None:
        super().__init__()
        self.average = deepcopy(setup.student).eval().requires_grad_(False)
        self._student = [setup.student]  # in a list: the student is no part of this module
        self.register_buffer("steps", torch.tensor(0))

    def follow(self, decay: float) -> None:
        """Move the average towards the student's present weights, at first all the way."""
        ema_update(self.average, self._student[0], decay if self.steps else 0.0)
        self.steps += 1


@term(
    "mean_teacher",
    kind="alignment",
    student=("real",),
    images=("real",),
    part=MeanTeacher,
    saved=True,
)
def mean_teacher(
    scene: Scene, part: MeanTeacher, *, decay: float = 0.999, tolerance: float = 0.02
) -> Tensor:
    """Take the estimates of the student's moving average as targets where it is sure of them.

    Confidence is how well the averaged network agrees with itself on the mirrored photograph.
    """
    if scene.first:
        part.follow(decay)
    labels, confidence = flip_consensus(part.average, scene.batch.real, tolerance)
    return pseudo_label_loss(scene.student("real")[-1].image, labels, confidence)
