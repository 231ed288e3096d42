"""Terms that learn from real rain, for which there is no target."""

from copy import deepcopy
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssid.distill.alignment import DISTANCES
from ssid.distill.gaussian_process import gp_loss
from ssid.distill.mixture import (
    Mixture,
    fit_mixture,
    initial_mixture,
    mixture_divergence,
    mixture_loss,
)
from ssid.distill.residual import rain_residual
from ssid.distill.semi_supervised import ema_update, flip_consensus, pseudo_label_loss
from ssid.distill.statistics import aggregate
from ssid.losses.ssim import ssim
from ssid.models import Stage
from ssid.training.scene import Scene
from ssid.training.terms.registry import Setup, term

Distance = Literal["code_kl", "code_kl_as_published", "mmd", "moments", "sliced_wasserstein"]


@term("code_alignment", kind="alignment", student=("real",), teacher=("rainy",))
def code_alignment(scene: Scene, *, distance: Distance = "code_kl") -> Tensor:
    """Bring codes of real rain to the teacher's codes of synthetic rain; SSID-KD, corrected.

    Student and teacher need codes of the same width; others use ``code_self_alignment``.
    """
    return DISTANCES[distance](_code(scene.student("real")), _code(scene.teacher("rainy")))


@term("code_self_alignment", kind="alignment", student=("real", "rainy"))
def code_self_alignment(scene: Scene, *, distance: Distance = "code_kl") -> Tensor:
    """Bring the student's codes of real rain to its own codes of synthetic rain.

    ``code_kl_as_published`` here is SSID-KD's student stage as its code has it.
    """
    return DISTANCES[distance](_code(scene.student("real")), _code(scene.student("rainy")))


@term(
    "rain_alignment",
    kind="alignment",
    student=("real", "pseudo_clean"),
    teacher=("rainy", "clean"),
)
def rain_alignment(scene: Scene, *, distance: Distance = "sliced_wasserstein") -> Tensor:
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
    return DISTANCES[distance](student, teacher)


@term(
    "rain_self_alignment",
    kind="alignment",
    student=("rainy", "clean", "real", "pseudo_clean"),
)
def rain_self_alignment(scene: Scene, *, distance: Distance = "sliced_wasserstein") -> Tensor:
    """Bring what real rain adds to the student's features to what synthetic rain adds to them."""
    real = _rain(scene.student("real"), scene.student("pseudo_clean"))
    return DISTANCES[distance](real, _rain(scene.student("rainy"), scene.student("clean")))


@term("teacher_labels", kind="alignment", student=("real",), images=("pseudo_clean",))
def teacher_labels(scene: Scene) -> Tensor:
    """Take the teacher's estimate of real rain as the target, mean absolute difference."""
    derained = scene.student("real")[-1].image.float()
    return F.l1_loss(derained, scene.images("pseudo_clean"))


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
    part.follow(decay)
    labels, confidence = flip_consensus(part.average, scene.batch.real, tolerance)
    return pseudo_label_loss(scene.student("real")[-1].image, labels, confidence)


class RainMixture(nn.Module):
    """The Gaussian mixture of real rain that SIRR keeps from step to step, with K components."""

    shares: Tensor
    variances: Tensor

    def __init__(self, components: int) -> None:
        super().__init__()
        self.components = components
        self.register_buffer("shares", torch.zeros(components))
        self.register_buffer("variances", torch.zeros(components))

    def fit(self, residual: Tensor) -> Mixture:
        """Update the mixture by one round of expectation maximisation and return it."""
        known = Mixture(self.shares, self.variances)
        start = known if bool(self.shares.any()) else initial_mixture(residual, self.components)
        fitted = fit_mixture(residual, start, 1)
        self.shares.copy_(fitted.shares)
        self.variances.copy_(fitted.variances)
        return fitted


def rain_mixture(setup: Setup, *, components: int = 3) -> RainMixture:
    """Return the mixture that ``sirr`` keeps."""
    return RainMixture(components)


@term(
    "sirr",
    kind="alignment",
    student=("real",),
    images=("real", "rainy", "clean"),
    part=rain_mixture,
    saved=True,
)
def sirr(scene: Scene, part: RainMixture, *, divergence: float = 1.0) -> Tensor:
    """Explain the removed layer of real photographs as a mixture close to synthetic rain.

    SIRR (CVPR 2019): likelihood of the residual plus ``divergence`` times its KL to synthetic rain.
    """
    residual = scene.batch.real - scene.student("real")[-1].image.float()
    mixture = part.fit(residual.detach())
    rain = scene.batch.rainy - scene.batch.clean
    likelihood = mixture_loss(residual, mixture)
    return likelihood + divergence * mixture_divergence(residual, rain, mixture)


@term("syn2real", kind="alignment", student=("real", "rainy"))
def syn2real(scene: Scene, *, neighbours: int = 16) -> Tensor:
    """Predict codes of real rain from codes of synthetic rain by a Gaussian process.

    Syn2Real (CVPR 2020), with the labelled codes of the same step as the process's data.
    """
    return gp_loss(_code(scene.student("real")), _code(scene.student("rainy")), neighbours)


def _code(stages: list[Stage]) -> Tensor:
    return stages[-1].features.code


def _rain(rainy: list[Stage], clean: list[Stage]) -> Tensor:
    return rain_residual(rainy[-1].features.map, clean[-1].features.map)
