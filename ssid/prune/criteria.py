"""What is least needed? Every criterion scores; the lowest scores of the whole network go first.

All criteria share one global threshold on their scores, so that one budget compares them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ssid.registry import Registry


@dataclass(frozen=True)
class Units:
    """What can be removed from one layer: n single weights, or n groups of filters.

    Attributes:
        magnitude: mean |w| of each unit, n values.
        energy: Σ w² of each unit, n values.
        erk: density that ERK gives the layer, before scaling to a budget.
    """

    magnitude: Tensor
    energy: Tensor
    erk: float


Criterion = Callable[[Units, torch.Generator], Tensor]

CRITERIA: Registry[Criterion] = Registry("pruning criterion")


def erk_density(outputs: int, inputs: int, kernel: tuple[int, ...]) -> float:
    """Return (n_out + n_in + k_h + k_w) / (n_out·n_in·k_h·k_w) of a layer.

    Erdős–Rényi-kernel density of Evci et al., "Rigging the Lottery", ICML 2020.
    """
    size = float(outputs * inputs)
    for side in kernel:
        size *= side
    return (outputs + inputs + sum(kernel)) / size


@CRITERIA.register("l1")
def l1(units: Units, generator: torch.Generator) -> Tensor:
    """Return the mean |w| of each unit: global magnitude (Han et al., NeurIPS 2015)."""
    return units.magnitude


@CRITERIA.register("lamp")
def lamp(units: Units, generator: torch.Generator) -> Tensor:
    """Return score(u) = w_u² / Σ_{v ≥ u} w_v², over the units in ascending order.

    Lee et al., "Layer-adaptive Sparsity for the Magnitude-based Pruning", ICLR 2021. The largest
    unit of a layer scores exactly 1. For groups of filters w_u² is their energy (reconstructed:
    the publication prunes single weights).
    """
    energy, order = units.energy.double().sort(stable=True)
    remaining = energy.flip(0).cumsum(0).flip(0)
    scores = torch.empty_like(energy)
    scores[order] = torch.where(remaining > 0, energy / remaining, torch.zeros_like(energy))
    return scores


@CRITERIA.register("erk")
def erk(units: Units, generator: torch.Generator) -> Tensor:
    """Return scores of which a threshold 1/ε keeps the share min(1, ε·``erk``) of the units.

    Within a layer the smallest magnitudes go. A layer whose density would exceed 1 stays dense
    and the others take over, which is what repeated rescaling in the publication comes to.
    """
    rank = torch.empty_like(units.magnitude, dtype=torch.float64)
    order = units.magnitude.argsort(descending=True, stable=True)
    rank[order] = torch.arange(1, len(order) + 1, dtype=torch.float64)
    return units.erk * len(order) / rank


@CRITERIA.register("random")
def random(units: Units, generator: torch.Generator) -> Tensor:
    """Return uniform random scores, as a control."""
    return torch.rand(len(units.magnitude), generator=generator, dtype=torch.float64)
