"""How far a network looks: what decides by how much tiles must overlap to leave no trace."""

import torch
from torch import Tensor

from ssid.models.base import Derainer

LENGTHS = (512, 2048)
"""Strips in which a reach is searched; what looks further than half of the longest is global."""


def reach(model: Derainer) -> int | None:
    """Return how many pixels beyond a tile its outputs depend on, or None if on the whole image.

    Not-a-number spreads through every operation of a network to all that depend on it, whatever
    the weights: rows of it on one side of a tile's border show how far beyond the border a tile
    has to see. Borders lie on the grid of ``model.multiple``, so that what is pooled together
    is never cut. Measured in both directions, along both axes.

    Args:
        model: the network; in evaluation mode, its statistics of training are fixed.

    Returns:
        The reach in pixels, a multiple of ``model.multiple``; None for networks with statistics
        of the whole image (instance normalisation, channel attention), whose tiles differ from
        the whole image however much they overlap.
    """
    along_rows = _along(model, transpose=False)
    along_columns = None if along_rows is None else _along(model, transpose=True)
    if along_rows is None or along_columns is None:
        return None
    return model.multiple * -(-max(along_rows, along_columns) // model.multiple)


@torch.no_grad()
def _along(model: Derainer, transpose: bool) -> int | None:
    for length in LENGTHS:
        first, second = _spread(model, length, transpose)
        beyond, before = first[length // 2 :], second[: length // 2]
        if not (beyond[-1] or before[0]):
            return int(max(beyond.sum(), before.sum()))
    return None


def _spread(model: Derainer, length: int, transpose: bool) -> Tensor:
    """Return which rows of two strips, whose first or second half is unknown, become unknown."""
    least = max(model.min_side, 2 * model.multiple)
    weight = next(model.parameters())
    strips = torch.zeros(2, 3, length, least, device=weight.device, dtype=weight.dtype)
    strips[0, :, : length // 2] = torch.nan
    strips[1, :, length // 2 :] = torch.nan
    unknown = model(strips.mT if transpose else strips).isnan()
    return (unknown.mT if transpose else unknown).any(1).any(2)
