"""Terms that compare the student's features with the teacher's on synthetic pairs."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ssid.distill.affinity import channel_affinity_loss, spatial_affinity_loss
from ssid.distill.attention import attention_loss
from ssid.distill.hint import HintRegressor, hint_loss
from ssid.distill.residual import rain_prior_loss, rain_residual, recurrent_rain_prior_loss
from ssid.distill.statistics import statistics_loss
from ssid.models import Derainer
from ssid.training.scene import Scene
from ssid.training.terms.registry import Setup, term

Statistic = Literal["sum_sq", "mean_sq", "max_sq", "min_sq"]


@term(
    "rain_prior",
    kind="distillation",
    student=("rainy", "clean"),
    teacher=("rainy", "clean"),
)
def rain_prior(scene: Scene, *, aggregate: Statistic = "sum_sq") -> Tensor:
    """Match what rain adds to the features; rain-prior distillation (ICIP 2022), Eq. 1–2."""
    return rain_prior_loss(*_residuals(scene), aggregate)


@term(
    "recurrent_rain_prior",
    kind="distillation",
    student=("rainy", "clean"),
    teacher=("rainy", "clean"),
)
def recurrent_rain_prior(scene: Scene, *, aggregate: Statistic = "sum_sq") -> Tensor:
    """Match the residual of every recurrence of the teacher; Eq. 5 of the same paper."""
    student, _ = _residuals(scene)
    stages = zip(scene.teacher("rainy"), scene.teacher("clean"), strict=True)
    teacher = [rain_residual(rainy.features.map, clean.features.map) for rainy, clean in stages]
    return recurrent_rain_prior_loss(student, teacher, aggregate)


def feature_channels(network: Derainer) -> int:
    """Return the channels of the features that a network's last convolution reads."""
    side = max(64, network.min_side)
    weight, training = next(network.parameters()), network.training
    network.eval()  # or this image would enter the statistics of batch normalisation
    with torch.no_grad():
        channels = network.encode(weight.new_zeros(1, 3, side, side)).map.shape[1]
    network.train(training)
    return channels


def regressor(setup: Setup) -> HintRegressor:
    """Return the trainable 1×1 convolution from the student's to the teacher's channels."""
    if setup.teacher is None:
        raise ValueError("hints need a teacher")
    return HintRegressor(feature_channels(setup.student), feature_channels(setup.teacher))


@term(
    "hint",
    kind="distillation",
    student=("rainy",),
    teacher=("rainy",),
    part=regressor,
    saved=True,
)
def hint(scene: Scene, part: HintRegressor) -> Tensor:
    """Match features through a trained regressor; FitNets (ICLR 2015), Eq. 3."""
    return hint_loss(part(_map(scene, "student").float()), _map(scene, "teacher"))


@term("statistics", kind="distillation", student=("rainy",), teacher=("rainy",))
def statistics(scene: Scene, *, statistic: Statistic = "sum_sq") -> Tensor:
    """Match a statistic over channels of the plain features; SRKD."""
    return statistics_loss(_map(scene, "student"), _map(scene, "teacher"), statistic)


@term("spatial_affinity", kind="distillation", student=("rainy",), teacher=("rainy",))
def spatial_affinity(scene: Scene, *, max_positions: int = 1024) -> Tensor:
    """Match the cosines between positions; FAKD (ICIP 2020)."""
    return spatial_affinity_loss(_map(scene, "student"), _map(scene, "teacher"), max_positions)


@term("channel_affinity", kind="distillation", student=("rainy",), teacher=("rainy",))
def channel_affinity(scene: Scene) -> Tensor:
    """Match the cosines between channels, where both networks have the same number of them."""
    student, teacher = _map(scene, "student"), _map(scene, "teacher")
    if student.shape[1] != teacher.shape[1]:
        raise ValueError(
            f"it compares channels, and they have {student.shape[1]} and {teacher.shape[1]}:"
            " choose spatial_affinity, or hint"
        )
    return channel_affinity_loss(student, teacher)


@term("attention", kind="distillation", student=("rainy",), teacher=("rainy",))
def attention(scene: Scene, *, levels: bool = False) -> Tensor:
    """Match maps of feature energy; attention transfer (ICLR 2017), Eq. 2.

    With ``levels``, the sum over the networks' pyramids instead of the last map: AFR-Net's refined
    features u0 to u3, from ``afrnet`` to ``afrnet_student``, beside ``l1`` and ``imitation``.
    """
    if not levels:
        return attention_loss(_map(scene, "student"), _map(scene, "teacher"))
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


@term("imitation", kind="distillation", student=("rainy",), teacher=("rainy",))
def imitation(scene: Scene) -> Tensor:
    """Match the teacher's estimate of the synthetic images, mean absolute difference."""
    derained, target = scene.student("rainy")[-1].image, scene.teacher("rainy")[-1].image
    return F.l1_loss(derained.float(), target.float())


def _map(scene: Scene, network: Literal["student", "teacher"]) -> Tensor:
    stages = scene.student("rainy") if network == "student" else scene.teacher("rainy")
    return stages[-1].features.map


def _residuals(scene: Scene) -> tuple[Tensor, Tensor]:
    """Return the rain residual of the student's and of the teacher's last stage."""
    student = rain_residual(
        scene.student("rainy")[-1].features.map, scene.student("clean")[-1].features.map
    )
    teacher = rain_residual(
        scene.teacher("rainy")[-1].features.map, scene.teacher("clean")[-1].features.map
    )
    return student, teacher
