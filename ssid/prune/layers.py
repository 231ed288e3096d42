"""What pruning knows of a network: its layers, and labels of channels that belong together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class PrunableLayer:
    """A convolution or linear layer, all its applications taken together.

    Attributes:
        weight: name of its weight in the state dict; None if the weight is no parameter.
        out_dim: dimension of the weight that counts outputs.
        kernel: weights per pair of an input and an output channel.
        positions: number of places where one weight is applied on the traced image, over all
            applications.
        inputs: label of each input channel; None for a depthwise convolution.
        outputs: label of each output channel.
    """

    weight: str | None
    out_dim: int
    kernel: int
    positions: int
    inputs: Labels | None
    outputs: Labels

    def macs(self, keep: NDArray[np.bool_]) -> int:
        """Return the multiply-accumulates that remain where ``keep[label]`` holds."""
        columns = 1 if self.inputs is None else int(keep[self.inputs].sum())
        return self.positions * self.kernel * columns * int(keep[self.outputs].sum())


@dataclass(frozen=True)
class Channels:
    """The labelled channels of a network.

    Attributes:
        tensors: name in the state dict → dimension → label of each slice.
        layers: convolutions and linear layers.
        fixed: labels that must stay.
        labels: number of labels; they count from 0.
        other_macs: multiply-accumulates of everything that is not in ``layers``.
    """

    tensors: dict[str, dict[int, Labels]]
    layers: list[PrunableLayer]
    fixed: Labels
    labels: int
    other_macs: int

    def macs(self, keep: NDArray[np.bool_] | None = None) -> int:
        """Return the multiply-accumulates that remain where ``keep[label]`` holds; None: all."""
        keep = np.ones(self.labels, np.bool_) if keep is None else keep
        return self.other_macs + sum(layer.macs(keep) for layer in self.layers)


class LabelSet:
    """Labels that can be made equal (union-find), or fixed: channels that must stay."""

    def __init__(self) -> None:
        self.fixed: set[int] = set()
        self._parents: list[int] = []

    def new(self, count: int) -> Labels:
        """Return labels that no channel has yet."""
        labels = np.arange(len(self._parents), len(self._parents) + count)
        self._parents += labels.tolist()
        return labels

    def fix(self, labels: Labels) -> Labels:
        """Keep the channels of these labels for ever."""
        self.fixed.update(labels.tolist())
        return labels

    def join(self, *rows: Labels) -> Labels:
        """Make the labels in equal places of all rows equal; return the first row."""
        for row in rows[1:]:
            for a, b in zip(rows[0].tolist(), row.tolist(), strict=True):
                a, b = self._root(a), self._root(b)
                self._parents[max(a, b)] = min(a, b)
        return rows[0]

    def numbers(self) -> Labels:
        """Return for each label the number, from 0, of the class of labels equal to it."""
        roots = [self._root(label) for label in range(len(self._parents))]
        return np.unique(np.array(roots, np.int64), return_inverse=True)[1]

    def _root(self, label: int) -> int:
        while self._parents[label] != label:
            self._parents[label] = self._parents[self._parents[label]]
            label = self._parents[label]
        return label
