"""RESCAN: dilated recurrent units with squeeze-and-excitation peel off rain in stages."""

from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ssid.models.base import Features, Stage
from ssid.models.layers import RecurrentDerainer, check_choice, conv
from ssid.models.registry import register_model

Cell = Literal["gru", "conv", "rnn", "lstm"]
Frame = Literal["full", "add"]
State = tuple[Tensor, ...]


class SqueezeExcitation(nn.Module):
    """A gate per channel from the mean of every channel, through ``width`` hidden values.

    The published code takes the reduction, 6, for the hidden width; so do its counts and ours.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.Linear(channels, width), nn.ReLU(), nn.Linear(width, channels), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the gated map, shaped as ``x``, N×C×H×W."""
        return x * self.gate(x.mean(dim=(2, 3)))[..., None, None]


class ConvCell(nn.Module):
    """A dilated convolution without memory."""

    def __init__(self, channels: int, out_channels: int, dilation: int) -> None:
        super().__init__()
        self.seen = conv(channels, out_channels, dilation=dilation)

    def forward(self, x: Tensor, state: State | None) -> State:
        """Return the new map; ``state`` is not read."""
        return (self.seen(x),)


class RNNCell(nn.Module):
    """h ← tanh(x + h), each convolved; only the input's convolution is dilated."""

    def __init__(self, channels: int, out_channels: int, dilation: int) -> None:
        super().__init__()
        self.seen = conv(channels, out_channels, dilation=dilation)
        self.kept = conv(out_channels, out_channels)

    def forward(self, x: Tensor, state: State | None) -> State:
        """Return the new hidden map (h,)."""
        return (torch.tanh(self.seen(x) + (self.kept(state[0]) if state else 0)),)


class GRUCell(nn.Module):
    """z, r = σ(x + h); n = tanh(x + conv(r·h)); h ← (1 − z)·h + z·n; x and h convolved."""

    def __init__(self, channels: int, out_channels: int, dilation: int) -> None:
        super().__init__()
        self.seen = conv(channels, 3 * out_channels, dilation=dilation)
        self.kept = conv(out_channels, 2 * out_channels)
        self.candidate = conv(out_channels, out_channels)

    def forward(self, x: Tensor, state: State | None) -> State:
        """Return the new hidden map (h,); the first stage has no h, and gives z·n."""
        z, r, n = self.seen(x).chunk(3, dim=1)
        if not state:
            return (z.sigmoid() * n.tanh(),)
        h = state[0]
        hz, hr = self.kept(h).chunk(2, dim=1)
        z, r = torch.sigmoid(z + hz), torch.sigmoid(r + hr)
        n = torch.tanh(n + self.candidate(r * h))
        return ((1 - z) * h + z * n,)


class LSTMCell(nn.Module):
    """i, f, o, g = σ, σ, σ, tanh of x + h, each convolved; c ← f·c + i·g; h ← o·tanh(c).

    The published code leaves out the tanh of c in the first stage alone; here it is in all.
    """

    def __init__(self, channels: int, out_channels: int, dilation: int) -> None:
        super().__init__()
        self.seen = conv(channels, 4 * out_channels, dilation=dilation)
        self.kept = conv(out_channels, 4 * out_channels)

    def forward(self, x: Tensor, state: State | None) -> State:
        """Return the new hidden map and memory (h, c)."""
        gates = self.seen(x) + (self.kept(state[0]) if state else 0)
        i, f, o, g = gates.chunk(4, dim=1)
        c = i.sigmoid() * g.tanh()
        if state:
            c = c + f.sigmoid() * state[1]
        return o.sigmoid() * c.tanh(), c


CELLS: dict[Cell, type[nn.Module]] = {
    "gru": GRUCell,
    "conv": ConvCell,
    "rnn": RNNCell,
    "lstm": LSTMCell,
}


class Unit(nn.Module):
    """A cell, squeeze-and-excitation and LeakyReLU; the outcome is output *and* hidden state."""

    def __init__(self, cell: nn.Module, channels: int, width: int) -> None:
        super().__init__()
        self.cell = cell
        self.close = nn.Sequential(SqueezeExcitation(channels, width), nn.LeakyReLU(0.2))

    def forward(self, x: Tensor, state: State | None) -> State:
        """Return the state whose first map, N×C×H×W, is the output."""
        hidden, *memory = self.cell(x, state)
        return self.close(hidden), *memory


@register_model(
    "rescan",
    source="Li et al., Recurrent Squeeze-and-Excitation Context Aggregation Net for Single Image"
    " Deraining, ECCV 2018",
)
class RESCAN(RecurrentDerainer):
    """Four stages of recurrent units that each predict the layer of rain, O − B.

    149,823 parameters with GRU cells (convolutions 28,695, RNN 54,735, LSTM 197,367).
    ``Features.map`` is what enters the two last convolutions (``dec`` in the published code);
    a stage's rain layer is ``rainy − image``. The paper trains every stage's layer with MSE.

    Args:
        cell: memory of the units between stages.
        channels: width of every inner map.
        depth: convolutions from image to rain layer; depth − 2 of them are recurrent units, whose
            dilations are 1, 1, 2, 4, ...
        stages: recurrences of the network.
        frame: "full" predicts the whole layer of rain in every stage, "add" what the last stage
            (not trained through) has left over.
        attention_width: hidden values of squeeze-and-excitation.
    """

    def __init__(
        self,
        cell: Cell = "gru",
        channels: int = 24,
        depth: int = 7,
        stages: int = 4,
        frame: Frame = "full",
        attention_width: int = 6,
    ) -> None:
        super().__init__(stages)
        check_choice("cell", cell, Cell)
        check_choice("frame", frame, Frame)
        if depth < 3:
            raise ValueError(f"depth must be at least 3, not {depth}")
        self.frame = frame
        widths = pairwise([3] + [channels] * (depth - 2))
        dilations = [1] + [2**i for i in range(depth - 3)]
        self.units = nn.ModuleList(
            Unit(CELLS[cell](*width, dilation), channels, attention_width)
            for width, dilation in zip(widths, dilations, strict=True)
        )
        self.tail = nn.Sequential(
            conv(channels, channels),
            SqueezeExcitation(channels, attention_width),
            nn.LeakyReLU(0.2),
            conv(channels, 3, kernel=1),
        )

    def step(self, rainy: Tensor, last: Stage | None, state: Any) -> tuple[Features, Any]:
        """Return the features of the next stage and the states of the units."""
        x = last.image if last else rainy
        states = []
        for unit, kept in zip(self.units, state or [None] * len(self.units), strict=True):
            states.append(unit(x, kept))
            x = states[-1][0]
        removed = (rainy - last.image.detach(),) if last and self.frame == "add" else ()
        return Features(map=x, code=x, side=removed), states

    def decode_padded(self, features: Features, rainy: Tensor) -> Tensor:
        """Return rainy − rain layer; ``side`` holds the layer that is removed already."""
        return rainy - self.tail(features.map) - sum(features.side)
