"""Layers with fewer channels than their network's options say, as pruning leaves them."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


def narrow(model: Network, shapes: Mapping[str, Sequence[int]]) -> Network:
    """Give parameters and buffers of ``model`` smaller shapes; their new values are zeros.

    Args:
        model: a freshly built network, changed in place.
        shapes: name in the state dict → shape; what is not named stays as it is.

    Returns:
        The model itself.

    Raises:
        ValueError: if the model has no tensor of a name, or none that could become this small.
    """
    state = model.state_dict(keep_vars=True)
    for name, shape in shapes.items():
        old = tuple(state[name].shape) if name in state else ()
        if len(shape) != len(old) or not all(1 <= n <= m for n, m in zip(shape, old, strict=True)):
            raise ValueError(f"{name} has the shape {old}, which cannot become {tuple(shape)}")
    replace_tensors(model, {name: state[name].new_zeros(list(shapes[name])) for name in shapes})
    return model


def replace_tensors(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Put tensors of new shapes in the place of parameters and buffers, also where shared.

    The sizes that layers know of themselves (``in_channels``, ``groups``, ...) follow.
    """
    state = model.state_dict(keep_vars=True)
    new: dict[int, Tensor] = {}
    for name, tensor in tensors.items():
        old = state[name]
        tensor = tensor.detach().clone(memory_format=_layout(old))
        is_parameter = isinstance(old, nn.Parameter)
        new[id(old)] = nn.Parameter(tensor, old.requires_grad) if is_parameter else tensor
    for module in model.modules():
        for key, parameter in module._parameters.items():
            if id(parameter) in new:
                module._parameters[key] = new[id(parameter)]  # type: ignore[assignment]
        for key, buffer in module._buffers.items():
            if id(buffer) in new:
                module._buffers[key] = new[id(buffer)]
        _update_sizes(module)


def _layout(tensor: Tensor) -> torch.memory_format:
    last = tensor.ndim == 4 and tensor.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last else torch.contiguous_format


@torch.no_grad()
def _update_sizes(module: nn.Module) -> None:
    """Read the sizes that a layer states from the shape of its weight."""
    if isinstance(module, nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d):
        first, second = module.weight.shape[:2]
        if module.groups > 1 and module.groups == module.in_channels:  # depthwise
            module.groups = first
        if isinstance(module, nn.ConvTranspose2d):
            module.in_channels, module.out_channels = first, second * module.groups
        else:
            module.in_channels, module.out_channels = second * module.groups, first
    elif isinstance(module, nn.Linear):
        module.out_features, module.in_features = module.weight.shape
    elif isinstance(module, nn.PReLU):
        module.num_parameters = module.weight.numel()
    elif isinstance(module, nn.InstanceNorm2d | nn.BatchNorm2d) and module.affine:
        module.num_features = module.weight.numel()
