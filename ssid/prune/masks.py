"""Unstructured pruning: single weights become zero. It saves products, but hardly time."""

import copy
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ssid.prune.channels import tensors_of, trace_channels
from ssid.prune.criteria import CRITERIA, Units, erk_density
from ssid.prune.layers import Channels
from ssid.prune.pruned import SIDE, Network, Pruned, check_reached, check_share


def prune_unstructured(
    model: Network,
    macs: float,
    criterion: str = "lamp",
    seed: int = 0,
    whole: Sequence[str] = (),
) -> Pruned[Network]:
    """Return a copy of ``model`` whose non-zero weights cost the share ``macs`` of its products.

    A weight costs one MAC per position it is applied to on a 256×256 image. Weights are sorted by
    score, so the budget is met to one weight, and no bisection is needed. Biases stay.

    Args:
        model: the network; it is not changed.
        macs: share to keep, in (0, 1].
        criterion: a name in ``CRITERIA``.
        seed: seed of the criterion ``random``.
        whole: layers that keep all weights, see :func:`~ssid.prune.channels.tensors_of`.

    Raises:
        UserError: if the criterion is unknown, or a name in ``whole`` fits no layer.
        ValueError: if ``macs`` is out of range or cannot be reached.
    """
    check_share(macs)
    channels = trace_channels(model, SIDE, SIDE)
    untouched = set(tensors_of(channels, whole))
    pruned = copy.deepcopy(model)
    state = pruned.state_dict()
    generator = torch.Generator().manual_seed(seed)
    names, scores, costs = [], [], []
    for layer in channels.layers:
        if layer.weight is None or layer.weight in untouched:
            continue
        weight = state[layer.weight].detach().cpu()
        outputs, inputs = weight.shape[:2]
        density = erk_density(outputs, inputs, tuple(weight.shape[2:]))
        units = Units(weight.flatten().abs(), weight.flatten().square(), density)
        names.append(layer.weight)
        scores.append(CRITERIA[criterion](units, generator).double())
        costs.append(torch.full((weight.numel(),), layer.positions, dtype=torch.int64))
    total, excess = channels.macs(), (1 - macs) * channels.macs()
    least = 1 - sum(int(each.sum()) for each in costs) / total
    check_reached(least, macs)
    cost, order = torch.cat(costs), torch.cat(scores).argsort(stable=True)
    removed = order[: int((cost[order].cumsum(0) <= excess).sum())]
    kept = torch.ones(len(cost), dtype=torch.bool)
    kept[removed] = False
    sizes = [len(each) for each in costs]
    masks = {
        name: mask.view_as(state[name]) for name, mask in zip(names, kept.split(sizes), strict=True)
    }
    apply_masks(pruned, masks)
    return Pruned(pruned, 1 - int(cost[removed].sum()) / total, masks=masks)


@torch.no_grad()
def apply_masks(model: nn.Module, masks: Mapping[str, Tensor]) -> None:
    """Set the masked weights of ``model`` to zero, in place."""
    parameters = dict(model.named_parameters())
    for name, mask in masks.items():
        parameters[name].mul_(mask.to(parameters[name].device))


def count_nonzero_macs(model: nn.Module, channels: Channels | None = None) -> int:
    """Return the multiply-accumulates on a 256×256 image that have a non-zero weight."""
    channels = channels or trace_channels(model, SIDE, SIDE)
    state = model.state_dict()
    return channels.other_macs + sum(
        layer.positions * int(state[layer.weight].count_nonzero())
        if layer.weight
        else layer.positions * layer.kernel * len(layer.outputs)
        for layer in channels.layers
    )
