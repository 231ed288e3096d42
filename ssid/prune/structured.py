"""Structured pruning: filters are removed and smaller layers rebuilt, so that networks get faster.

The supplement of "Dreaming to Prune" (CVPR 2022) does not say what its unit of pruning is;
third-party lists call it structured. Its adaptive choice of sparsity per layer was not found: a
global threshold on the scores of a criterion decides here (reconstructed).
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ssid.metrics.efficiency import count_macs
from ssid.models.base import Derainer
from ssid.models.narrow import replace_tensors
from ssid.prune.channels import keep_whole, trace_channels
from ssid.prune.criteria import CRITERIA, Units, erk_density
from ssid.prune.layers import Channels, Labels
from ssid.prune.pruned import SIDE, Network, Pruned, check_reached, check_share

TOLERANCE = 0.001  # of the share of MACs


@dataclass(frozen=True)
class Family:
    """Groups of channels that the same layers produce, such as all inner channels of a block."""

    labels: Labels
    units: Units


def prune_structured(
    model: Network,
    macs: float,
    criterion: str = "lamp",
    seed: int = 0,
    multiple: int = 1,
    whole: Sequence[str] = (),
) -> Pruned[Network]:
    """Return a copy of ``model`` with about the share ``macs`` of its multiply-accumulates.

    Channels that are joined by residuals, gates or shared layers go as one group; of every layer
    at least one channel stays. Where a mean over channels is taken (as in spatial attention), it
    is taken over those that remain. Works for any network that maps 1×3×H×W images, not only ours.

    Args:
        model: the network; it is not changed.
        macs: share to keep, in (0, 1], of what :func:`~ssid.metrics.efficiency.count_macs` counts
            at 256×256. It is met to 0.1 %, or as nearly as the MACs of single groups allow.
        criterion: a name in ``CRITERIA``.
        seed: seed of the criterion ``random``.
        multiple: leave layers with multiples of so many channels. 8 or 16 suit the vector units
            of processors, on which odd numbers can cost all that pruning saves; but the budget
            is met more coarsely.
        whole: layers that keep all channels, see :func:`~ssid.prune.channels.keep_whole`.

    Raises:
        UserError: if the criterion is unknown, or a name in ``whole`` fits no layer.
        ValueError: if ``macs`` is out of range or cannot be reached, or if the network's code has
            fixed numbers of channels, so that it does not run when narrower.
    """
    check_share(macs)
    score = CRITERIA[criterion]
    channels = keep_whole(trace_channels(model, SIDE, SIDE), whole)
    families = find_families(model, channels)
    generator = torch.Generator().manual_seed(seed)
    bundles: list[tuple[float, Labels]] = []
    for family in families:
        values = score(family.units, generator).double().numpy()
        order = np.argsort(values, kind="stable")
        first = len(order) % multiple or multiple
        last = len(order) - multiple  # the best channels always stay
        for part in np.split(order, range(first, last + 1, multiple))[:-1]:
            bundles.append((float(values[part].mean()), family.labels[part]))
    ranked = [labels for _, labels in sorted(bundles, key=lambda bundle: bundle[0])]
    keep = _choose(channels, ranked, macs)
    pruned = copy.deepcopy(model)
    tensors = _cut(pruned, channels, keep)
    replace_tensors(pruned, tensors)
    _check(pruned, channels.macs(keep))
    shapes = {name: list(tensor.shape) for name, tensor in tensors.items()}
    if isinstance(pruned, Derainer) and pruned.recipe is not None:
        recipe = pruned.recipe
        pruned.recipe = recipe._replace(shapes={**recipe.shapes, **shapes})
    return Pruned(pruned, channels.macs(keep) / channels.macs(), shapes=shapes)


def find_families(model: nn.Module, channels: Channels) -> list[Family]:
    """Return the groups that can be removed, by the layers that produce them."""
    state = model.state_dict()
    count = channels.labels
    magnitude, energy, weights = np.zeros(count), np.zeros(count), np.zeros(count)
    producers: dict[int, list[int]] = {}
    parts = np.zeros((len(channels.layers), 2))  # numerator and denominator of ERK
    for index, layer in enumerate(channels.layers):
        if layer.weight is None or layer.inputs is None:
            continue
        weight = state[layer.weight].detach().double().cpu()
        rows = weight.movedim(layer.out_dim, 0).flatten(1)
        np.add.at(magnitude, layer.outputs, rows.abs().sum(1).numpy())
        np.add.at(energy, layer.outputs, rows.square().sum(1).numpy())
        np.add.at(weights, layer.outputs, rows.shape[1])
        outputs, inputs = len(layer.outputs), len(layer.inputs)
        density = erk_density(outputs, inputs, tuple(weight.shape[2:]))
        parts[index] = density * weight.numel(), weight.numel()
        for label in set(layer.outputs.tolist()):
            producers.setdefault(label, []).append(index)
    fixed = set(channels.fixed.tolist())
    families: dict[tuple[int, ...], list[int]] = {}
    for label, layers in producers.items():
        if label not in fixed:
            families.setdefault(tuple(layers), []).append(label)
    return [
        Family(
            labels=np.array(labels),
            units=Units(
                magnitude=torch.from_numpy(magnitude[labels] / weights[labels]),
                energy=torch.from_numpy(energy[labels]),
                erk=float(np.divide(*parts[list(layers)].sum(0))),
            ),
        )
        for layers, labels in ((key, sorted(found)) for key, found in sorted(families.items()))
    ]


def _choose(channels: Channels, ranked: list[Labels], share: float) -> NDArray[np.bool_]:
    """Return which labels stay; ``ranked`` are those that may go, least needed first."""
    total = channels.macs()
    budget, tolerance = share * total, TOLERANCE * total

    def without(bundles: list[Labels]) -> NDArray[np.bool_]:
        keep = np.ones(channels.labels, np.bool_)
        for labels in bundles:
            keep[labels] = False
        return keep

    least = channels.macs(without(ranked))
    check_reached(least / total, share)
    low, high = 0, len(ranked)  # without the first ``low``, the budget is still filled
    while low < high:
        middle = (low + high + 1) // 2
        enough = channels.macs(without(ranked[:middle])) >= budget
        low, high = (middle, high) if enough else (low, middle - 1)
    keep, kept = without(ranked[:low]), []
    for labels in ranked[low:]:  # smaller bundles may fit into what is left
        if channels.macs(keep) - budget <= tolerance:
            return keep
        keep[labels] = False
        if channels.macs(keep) < budget:
            keep[labels] = True
            kept.append(labels)
    choices = [keep] + [keep & without([labels]) for labels in kept]
    return min(choices, key=lambda choice: abs(channels.macs(choice) - budget))


def _cut(model: nn.Module, channels: Channels, keep: NDArray[np.bool_]) -> dict[str, Tensor]:
    """Return the tensors of ``model`` that lose channels, without these channels."""
    state, smaller = model.state_dict(), {}
    for name, dims in channels.tensors.items():
        if all(keep[labels].all() for labels in dims.values()):
            continue
        tensor = state[name]
        for dim, labels in dims.items():
            index = torch.from_numpy(np.flatnonzero(keep[labels])).to(tensor.device)
            tensor = tensor.index_select(dim, index)
        smaller[name] = tensor
    return smaller


def _check(model: nn.Module, expected: int) -> None:
    """Raise ``ValueError`` unless the narrower network runs and costs what was planned."""
    try:
        found = count_macs(model, SIDE, SIDE)
    except RuntimeError as error:
        raise ValueError(f"the network does not run with fewer channels: {error}") from error
    if found != expected:
        raise ValueError(f"the pruned network costs {found} MACs, not {expected} as planned")
