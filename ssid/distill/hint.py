"""Distil features through a learned adapter (FitNets, Romero et al., ICLR 2015)."""

from torch import Tensor, nn

from ssid.distill.geometry import to_common_size


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
