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

import torch
from torch import nn
from torch.utils._pytree import tree_leaves

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
