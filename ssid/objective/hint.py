"""Distil features through a learned adapter (FitNets, Romero et al., ICLR 2015)."""

import torch
from torch import Tensor, nn

from ssid.models import Derainer
from ssid.objective.geometry import to_common_size
from ssid.objective.registry import Setup, term
from ssid.objective.scene import Scene, last_map


class HintRegressor(nn.Module):
    """The regressor r: a 1×1 convolution from the student's to the teacher's width.

    It is trained with the student and thrown away afterwards. A 1×1 convolution commutes with
    area pooling, so maps of different sizes may be regressed before they are brought together.
    """

    def __init__(self, student_channels: int, teacher_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(student_channels, teacher_channels, 1)

    def forward(self, student: Tensor) -> Tensor:
        """Return N×K×H×W of the teacher's width for features N×C×H×W of the student's."""
        return self.conv(student)


def hint_loss(regressed: Tensor, teacher: Tensor) -> Tensor:
    """Return ½ · mean (F^T − r(F^S))² over all elements.

    Source: Eq. 3 of FitNets with the sum of squares as a mean.

    Args:
        regressed: r(F^S), N×K×H×W from :class:`HintRegressor`.
        teacher: F^T, N×K×h×w, detached here; the finer of the two is pooled.
    """
    regressed, teacher = to_common_size(regressed, teacher)
    return 0.5 * (teacher - regressed).square().mean()


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
    return hint_loss(
        part(last_map(scene.student("rainy")).float()), last_map(scene.teacher("rainy"))
    )
