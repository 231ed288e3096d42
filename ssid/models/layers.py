"""What several networks are built from: convolutions that keep the size, and recurrence."""

from collections import deque
from collections.abc import Iterator
from typing import Any, get_args

import torch
from torch import Tensor, nn

from ssid.models.base import Derainer, Features, Stage


def conv(channels: int, out_channels: int, kernel: int = 3, **options: Any) -> nn.Conv2d:
    """Return a convolution that keeps the height and width of its input where stride is 1.

    Args:
        channels: channels of the input.
        out_channels: channels of the output.
        kernel: side of the kernel, odd.
        options: options of ``torch.nn.Conv2d`` (stride, dilation, groups, bias, padding_mode).
    """
    padding = options.get("dilation", 1) * (kernel // 2)
    return nn.Conv2d(channels, out_channels, kernel, padding=padding, **options)


def unbiased_conv(channels: int, out_channels: int, kernel: int) -> nn.Conv2d:
    """Return :func:`conv` without a bias, as MIRNet and MPRNet have it throughout."""
    return conv(channels, out_channels, kernel, bias=False)


def separable(channels: int, out_channels: int, **options: Any) -> nn.Sequential:
    """Return a depthwise 3×3 convolution with ``options`` and a pointwise one behind it."""
    depthwise = conv(channels, channels, groups=channels, **options)
    return nn.Sequential(depthwise, conv(channels, out_channels, kernel=1))


def check_choice(option: str, value: str, choices: Any) -> None:
    """Raise ``ValueError`` unless ``value`` is one of the strings of a ``Literal`` type."""
    if value not in get_args(choices):
        raise ValueError(f"{option} must be one of {', '.join(get_args(choices))}, not {value!r}")


MOST_REPEATS = 100
"""Repetitions that a network may have at most."""


def repeated(name: str, count: int) -> int:
    """Return how often weights are applied; each time costs time, and no weights bound it.

    Raises:
        ValueError: if ``count`` is not within 1 to :data:`MOST_REPEATS`.
    """
    if not 1 <= count <= MOST_REPEATS:
        raise ValueError(f"{name} must be 1 to {MOST_REPEATS}, not {count}")
    return count


class RecurrentDerainer(Derainer):
    """A network that improves its estimate in ``stages`` recurrences of one set of weights.

    It gives :meth:`step` and ``decode_padded``; the features of the network are those of its last
    stage. It works at any size, so that ``multiple`` stays 1.
    """

    def __init__(self, stages: int) -> None:
        super().__init__()
        self.stages = repeated("stages", stages)

    def step(self, rainy: Tensor, last: Stage | None, state: Any) -> tuple[Features, Any]:
        """Return the features of the next stage and the state of the recurrence.

        Args:
            rainy: N×3×H×W.
            last: stage before; None in the first stage.
            state: state that ``step`` returned in the stage before; None in the first stage.
        """
        raise NotImplementedError

    def encode_padded(self, rainy: Tensor) -> Features:
        """Return the features of the last stage."""
        return self._last(rainy).features

    def forward(self, rainy: Tensor) -> Tensor:
        """Return the clean estimate of the last stage."""
        return self._last(rainy).image

    def unroll_padded(self, rainy: Tensor) -> list[Stage]:
        """Return the features and estimate of every stage, first to last."""
        return list(self._recur(rainy))

    def _recur(self, rainy: Tensor) -> Iterator[Stage]:
        last, state = None, None
        for _ in range(self.stages):
            features, state = self.step(rainy, last, state)
            last = Stage(features, self.decode_padded(features, rainy))
            yield last

    def _last(self, rainy: Tensor) -> Stage:
        # Keeps one stage at a time: without gradients, earlier ones are freed as it goes.
        return deque(self._recur(rainy), maxlen=1).pop()


class ChannelAttention(nn.Module):
    """Squeeze and excitation: scale every channel by a gate read from the channels' means.

    Args:
        channels: width C.
        reduction: the gate is computed through ``C // reduction`` hidden channels.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        if channels < reduction:
            raise ValueError(f"{channels} channels cannot be reduced {reduction} times")
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, channels // reduction, 1, bias=False),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels // reduction, channels, 1, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the gated map, N×C×H×W."""
        return x * self.gate(x)


class SupervisedAttention(nn.Module):
    """Supervised attention module (Zamir et al., MPRNet, CVPR 2021) between two stages.

    Args:
        channels: width C of the features that enter and leave.
        kernel: size of the three convolutions.
        bias: give the convolutions a bias.
    """

    def __init__(self, channels: int, kernel: int, bias: bool) -> None:
        super().__init__()
        padding = kernel // 2
        self.transform = nn.Conv2d(channels, channels, kernel, padding=padding, bias=bias)
        self.to_image = nn.Conv2d(channels, 3, kernel, padding=padding, bias=bias)
        self.to_gate = nn.Conv2d(3, channels, kernel, padding=padding, bias=bias)

    def forward(self, features: Tensor, rainy: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features N×C×H×W for the next stage and this stage's clean estimate."""
        image = self.to_image(features) + rainy
        gate = torch.sigmoid(self.to_gate(image))
        return self.transform(features) * gate + features, image
