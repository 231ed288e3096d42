"""Which channels of a network belong together: found by one forward pass without values.

Every channel of every layer gets a label. Operations that meet channel by channel (sums, gates,
norms) make labels equal; concatenations and chunks move them. In the end, channels of one label
can only be removed together, and each label says exactly which rows and columns of which weights
that takes. Layers that are applied several times, gates fused into one convolution and half
instance norms need no special case. torch-pruning 1.6, which follows the autograd graph, failed on
PReNet, SAPNet, HINet, MPRNet, RRG, MIRNet and AFR-Net, so this does its work here.

What is not understood is kept: channels that pass an unknown operation, meet the image or are
sliced by numbers that the code of the network may have fixed are never removed.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

import numpy as np
import torch
from torch import nn
from torch.utils._pytree import tree_leaves

from ssid.errors import UserError, nearest
from ssid.metrics.efficiency import count_macs
from ssid.prune.layers import Channels
from ssid.prune.tracer import Tracer


def trace_channels(model: nn.Module, height: int = 256, width: int = 256) -> Channels:
    """Return the channels of ``model``, traced on the shape of a 1×3×height×width image."""
    shapes = copy.deepcopy(model).to("meta").eval()
    image = torch.empty(1, 3, height, width, device="meta")
    tracer = Tracer({id(t): name for name, t in shapes.state_dict(keep_vars=True).items()})
    with torch.no_grad(), tracer:
        output = shapes(image)
    tracer.freeze(tree_leaves(output))
    return tracer.result(count_macs(model, height, width))


def keep_whole(channels: Channels, layers: Sequence[str]) -> Channels:
    """Return ``channels`` with all inputs and outputs of some layers fixed.

    Args:
        channels: of a network.
        layers: names, see :func:`tensors_of`.

    Raises:
        UserError: if a name fits no layer.
    """
    labels = [
        dim for name in tensors_of(channels, layers) for dim in channels.tensors[name].values()
    ]
    return replace(channels, fixed=np.unique(np.concatenate([channels.fixed, *labels])))


def tensors_of(channels: Channels, layers: Sequence[str]) -> list[str]:
    """Return the names of the weights and biases of layers.

    Args:
        channels: of a network.
        layers: names of modules, such as ``cell.gates``; ``*`` stands for any part of a name.

    Raises:
        UserError: if a name fits no layer.
    """
    layer_of = {name: name.rpartition(".")[0] for name in channels.tensors}
    found: list[str] = []
    for wanted in layers:
        fitting = [name for name, layer in layer_of.items() if fnmatchcase(layer, wanted)]
        if not fitting:
            names = sorted(set(layer_of.values()))
            raise UserError(
                f"whole: found {wanted!r}, which fits no layer.{nearest(wanted, names)}"
                f" Layers: {', '.join(names)}."
            )
        found += fitting
    return found
