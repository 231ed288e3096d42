"""What pruning gives back, whichever way it was done."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)

SIDE = 256  # of the square image on which MACs are counted


@dataclass(frozen=True)
class Pruned(Generic[Network]):
    """A pruned copy of a network.

    Attributes:
        model: the copy.
        macs: multiply-accumulates that remain, as a share of the original's.
        shapes: name in the state dict → new shape, where filters were removed;
            :func:`ssid.models.narrow.narrow` makes a new network this small.
        masks: name of a weight → bool tensor of its shape, False where it has to stay zero.
    """

    model: Network
    macs: float
    shapes: dict[str, list[int]] = field(default_factory=dict)
    masks: dict[str, Tensor] = field(default_factory=dict)


def check_share(macs: float) -> None:
    """Raise ``ValueError`` unless ``macs`` is a share that can be kept."""
    if not 0 < macs <= 1:
        raise ValueError(f"macs must be above 0 and at most 1, not {macs}")


def check_reached(least: float, macs: float) -> None:
    """Raise ``ValueError`` if not even the share ``least``, where all that may go is gone, is few.

    Both are shares of the multiply-accumulates, in [0, 1].
    """
    if least > macs:
        raise ValueError(f"pruning can leave {least:.1%} of the MACs, not {macs:.1%}")
