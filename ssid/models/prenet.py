"""PReNet: a shallow residual network with memory, unfolded over several stages."""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ssid.models.base import Features, Stage
from ssid.models.layers import RecurrentDerainer, check_choice, conv, repeated
from ssid.models.registry import register_model

Cell = Literal["lstm", "gru", "none"]


class ConvLSTM(nn.Module):
    """Convolutional LSTM without peepholes; its gates see the feature and the hidden map.

    i, f, o, g = σ, σ, σ, tanh of one convolution; c ← f·c + i·g; h ← o·tanh(c); both start at 0.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gates = conv(2 * channels, 4 * channels)

    def forward(
        self, feature: Tensor, state: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return the new hidden map and the state (h, c), all N×C×H×W."""
        h, c = state or (torch.zeros_like(feature), torch.zeros_like(feature))
        i, f, o, g = self.gates(torch.cat((feature, h), dim=1)).chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        return h, (h, c)


class ConvGRU(nn.Module):
    """Convolutional GRU in its standard form.

    z, r = σ of one convolution; n = tanh(conv(feature, r·h)); h ← (1 − z)·h + z·n; h starts at 0.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gates = conv(2 * channels, 2 * channels)
        self.candidate = conv(2 * channels, channels)

    def forward(self, feature: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the new hidden map, twice: as output and as state, N×C×H×W."""
        h = torch.zeros_like(feature) if state is None else state
        z, r = self.gates(torch.cat((feature, h), dim=1)).sigmoid().chunk(2, dim=1)
        n = self.candidate(torch.cat((feature, r * h), dim=1)).tanh()
        h = (1 - z) * h + z * n
        return h, h


class NoCell(nn.Module):
    """What stands in for a cell where stages share nothing but their estimate."""

    def __init__(self, channels: int) -> None:
        super().__init__()

    def forward(self, feature: Tensor, state: None) -> tuple[Tensor, None]:
        """Return ``feature`` as it is."""
        return feature, state


CELLS: dict[Cell, type[nn.Module]] = {"lstm": ConvLSTM, "gru": ConvGRU, "none": NoCell}


class ResidualUnit(nn.Module):
    """ReLU(body(x) + x); the published body closes with a ReLU, too."""

    def __init__(self, *body: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(*body)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the same shape as ``x``."""
        return torch.relu(self.body(x) + x)


class ProgressiveNetwork(RecurrentDerainer):
    """Head, memory cell, residual units and tail, applied once per stage.

    Every stage sees the rainy image beside the last estimate (``input_concat``) or the last
    estimate alone, and adds what the tail makes of the ``channels`` maps to the rainy image.
    ``Features.map`` is what enters the tail. The units are gone through ``rounds`` times a stage.
    """

    def __init__(
        self,
        cell: Cell,
        units: Sequence[nn.Module],
        stages: int,
        channels: int,
        input_concat: bool = True,
        rounds: int = 1,
    ) -> None:
        super().__init__(stages)
        check_choice("cell", cell, Cell)
        self.input_concat = input_concat
        self.head = conv(6 if input_concat else 3, channels)
        self.cell = CELLS[cell](channels)
        self.units, self.rounds = nn.Sequential(*units), rounds
        self.tail = conv(channels, 3)

    def step(self, rainy: Tensor, last: Stage | None, state: Any) -> tuple[Features, Any]:
        """Return the features of the next stage and the state of the cell."""
        estimate = last.image if last else rainy
        seen = torch.cat((rainy, estimate), dim=1) if self.input_concat else estimate
        feature, state = self.cell(torch.relu(self.head(seen)), state)
        for _ in range(self.rounds):
            feature = self.units(feature)
        return Features(map=feature, code=feature), state

    def decode_padded(self, features: Features, rainy: Tensor) -> Tensor:
        """Return rainy + tail(map)."""
        return self.tail(features.map) + rainy


@register_model(
    "prenet",
    source="Ren et al., Progressive Image Deraining Networks: A Better and Simpler Baseline,"
    " CVPR 2019",
)
class PReNet(ProgressiveNetwork):
    """PReNet and its published relatives.

    The defaults are PReNet (168,963 parameters). The paper's other networks are
    ``cell="gru"`` (150,499), PReNet_x ``input_concat=False`` (168,099), PReNet_r
    ``shared_units=True`` (94,979), PRN ``cell="none"`` (95,107) and PRN_r, both of the last
    two (21,123). The paper trains with −SSIM of the last stage.

    Args:
        cell: memory between stages.
        stages: recurrences of the network, T in the paper.
        channels: width of every inner map.
        units: residual units in a row.
        shared_units: recurse inside a stage: apply one residual unit ``units`` times.
        input_concat: show the rainy image to every stage, not to the first alone.
    """

    def __init__(
        self,
        cell: Cell = "lstm",
        stages: int = 6,
        channels: int = 32,
        units: int = 5,
        shared_units: bool = False,
        input_concat: bool = True,
    ) -> None:
        repeated("units", units)
        distinct, rounds = (1, units) if shared_units else (units, 1)
        row = [_residual_unit(channels) for _ in range(distinct)]
        super().__init__(cell, row, stages, channels, input_concat, rounds)


def _residual_unit(channels: int) -> ResidualUnit:
    return ResidualUnit(conv(channels, channels), nn.ReLU(), conv(channels, channels), nn.ReLU())
