"""Labels the channels of a network while it runs; see :mod:`ssid.prune.channels`."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from ssid.prune.layers import Channels, Labels, LabelSet, PrunableLayer

SPATIAL = {
    "interpolate", "pad", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d",
    "adaptive_max_pool2d", "upsample",
}  # fmt: skip
ELEMENTWISE = SPATIAL | {
    "add", "radd", "iadd", "sub", "rsub", "isub", "mul", "rmul", "imul", "div", "truediv",
    "rtruediv", "itruediv", "rdiv", "neg", "pow", "abs", "exp", "log", "sqrt", "square", "clamp",
    "maximum", "minimum", "relu", "relu6", "leaky_relu", "elu", "celu", "selu", "gelu", "silu",
    "mish", "hardswish", "hardsigmoid", "hardtanh", "softplus", "logsigmoid", "sigmoid", "tanh",
    "softmax", "log_softmax", "dropout", "dropout2d", "zeros_like", "ones_like", "clone",
    "detach", "contiguous", "float", "to", "where", "lerp",
}  # fmt: skip
PER_CHANNEL = {"prelu", "instance_norm", "batch_norm"}
REDUCTIONS = {"mean", "sum", "amax", "amin", "max", "min", "var", "std"}
VIEWS = {
    "getitem", "chunk", "split", "unbind", "select", "narrow", "unsqueeze", "squeeze", "permute",
    "transpose", "movedim", "expand", "iter", "unflatten",
}  # fmt: skip


class Tracer(TorchFunctionMode):
    """Labels channels while a network runs.

    A tensor's channel dimension is counted from its end (−3 for N×C×H×W), so that broadcasting
    lines channels up. Tensors without labels are constants, or the image.
    """

    def __init__(self, names: dict[int, str]) -> None:
        super().__init__()
        self._names = names
        self._set = LabelSet()
        self._tensors: dict[str, dict[int, Labels]] = {}
        self._layers: dict[str | int, PrunableLayer] = {}
        # Tensors are kept alive with their labels: an id must not be given twice.
        self._seen: dict[int, tuple[Tensor, int, Labels]] = {}

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        tensors = [leaf for leaf in tree_leaves(out) if isinstance(leaf, Tensor)]
        if tensors:
            name = getattr(func, "__name__", "").strip("_")
            operands = [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
            self._rule(name)(func, args, kwargs, operands, tensors)
        return out

    def freeze(self, tensors: Iterable[Any]) -> None:
        """Keep all channels of tensors for ever."""
        for tensor in tensors:
            if id(tensor) in self._seen:
                self._set.fix(self._seen[id(tensor)][2])
            elif id(tensor) in self._names:
                for dim in range(tensor.dim()):
                    self._set.fix(self._of_parameter(tensor, dim))

    def result(self, total_macs: int) -> Channels:
        """Return what was found, with labels renumbered from 0."""
        number = self._set.numbers()
        layers = [
            replace(
                layer,
                inputs=None if layer.inputs is None else number[layer.inputs],
                outputs=number[layer.outputs],
            )
            for layer in self._layers.values()
        ]
        tensors = {
            name: {dim: number[labels] for dim, labels in dims.items()}
            for name, dims in self._tensors.items()
        }
        fixed = np.unique(number[sorted(self._set.fixed)])
        known = sum(layer.macs(np.ones(len(number), np.bool_)) for layer in layers)
        return Channels(tensors, layers, fixed, int(number.max()) + 1, total_macs - known)

    def _rule(self, name: str) -> Callable[..., None]:
        if name in ("conv2d", "conv_transpose2d", "linear"):
            return self._convolve
        for names, rule in (
            (ELEMENTWISE, self._combine),
            (PER_CHANNEL, self._normalise),
            (REDUCTIONS, self._reduce),
            (VIEWS, self._view),
            ({"cat", "concat", "concatenate"}, self._concatenate),
            ({"stack"}, self._stack),
        ):
            if name in names:
                return rule
        return self._give_up

    def _give_up(
        self, func: Any, args: Any, kwargs: Any, operands: list[Tensor], outs: Any
    ) -> None:
        self.freeze(operands)

    def _convolve(
        self, func: Any, args: Any, kwargs: Any, operands: list[Tensor], outs: list[Tensor]
    ) -> None:
        x, weight, *rest = operands
        (out,) = outs
        name = func.__name__
        transposed = name == "conv_transpose2d"
        dim = -1 if name == "linear" else -3
        out_dim, in_dim = (1, 0) if transposed else (0, 1)
        groups = 1 if name == "linear" else (_argument(args, kwargs, "groups", 6) or 1)
        inputs = self._labels(x, dim)
        depthwise = groups == x.shape[dim] == out.shape[dim]
        if groups > 1 and not depthwise:
            self.freeze(operands)
            return
        if depthwise:
            outputs = inputs
            if id(weight) in self._names:
                self._set.join(self._of_parameter(weight, 0), inputs)
        elif id(weight) in self._names:
            outputs = self._of_parameter(weight, out_dim)
            self._set.join(self._of_parameter(weight, in_dim), inputs)
        else:
            self._set.fix(inputs)
            outputs = self._set.fix(self._set.new(out.shape[dim]))
        for bias in rest:
            self._set.join(self._of_parameter(bias, 0), outputs)
        self._put(out, dim, outputs)
        counted = x if transposed else out
        positions = counted.numel() // counted.shape[dim]
        key = self._names.get(id(weight), id(out))
        if key in self._layers:
            positions += self._layers[key].positions
        self._layers[key] = PrunableLayer(
            weight=self._names.get(id(weight)),
            out_dim=0 if depthwise else out_dim,
            kernel=prod(weight.shape[2:]),
            positions=positions,
            inputs=None if depthwise else inputs,
            outputs=outputs,
        )

    def _combine(
        self, func: Any, args: Any, kwargs: Any, operands: list[Tensor], outs: list[Tensor]
    ) -> None:
        dims = {self._seen[id(t)][1] for t in operands if id(t) in self._seen}
        if not dims:
            return
        dim = min(dims)
        (out,) = outs
        if len(dims) > 1 or (_name(func) == "pad" and len(args[1]) >= -2 * dim):
            self.freeze(operands)
            return
        labels = None
        for operand in operands:
            if operand.dim() < -dim or operand.shape[dim] != out.shape[dim]:
                continue  # broadcast along the channels
            found = self._labels(operand, dim)
            labels = found if labels is None else self._set.join(labels, found)
        if labels is not None:
            self._put(out, dim, labels)

    def _normalise(
        self, func: Any, args: Any, kwargs: Any, operands: list[Tensor], outs: list[Tensor]
    ) -> None:
        x, *parameters = operands
        dim = self._seen[id(x)][1] if id(x) in self._seen else -3
        labels = self._labels(x, dim)
        for parameter in parameters:
            if parameter.numel() == len(labels):
                self._set.join(labels, self._labels(parameter, -1))
        self._put(outs[0], dim, labels)

    def _reduce(
        self, func: Any, args: Any, kwargs: Any, operands: list[Tensor], outs: list[Tensor]
    ) -> None:
        x = operands[0]
        if id(x) not in self._seen or len(operands) > 1:
            self.freeze(operands)
            return
        _, dim, labels = self._seen[id(x)]
        where = _argument(args, kwargs, "dim", 1)
        if where is None:
            return
        reduced = {d - x.dim() if d >= 0 else d for d in np.atleast_1d(where).tolist()}
        if dim in reduced:
            return  # a statistic over channels: it has none, and is taken over those that remain
        dropped = 0 if outs[0].dim() == x.dim() else sum(d > dim for d in reduced)
        for out in outs:
            self._put(out, dim + dropped, labels)

    def _view(
        self, func: Any, args: Any, kwargs: Any, operands: list[Tensor], outs: list[Tensor]
    ) -> None:
        x = operands[0]
        if id(x) not in self._seen or len(operands) > 1:
            self.freeze(operands)
            return
        _, dim, labels = self._seen[id(x)]
        # The same view of a tensor whose only true dimension is that of the labels shows where
        # they go: all other dimensions have the stride 0.
        shape = [-1 if d - x.dim() == dim else 1 for d in range(x.dim())]
        probe = torch.from_numpy(labels).view(shape).expand(x.shape)
        parts = func(*(probe if a is x else a for a in args), **kwargs)
        seen = tree_leaves(parts if isinstance(parts, Tensor) else list(parts))
        found = [_channel_dim(part) for part in seen]
        if any(d is None for d in found):
            self._set.fix(labels)
            return
        moved = [_slice(part, d) for part, d in zip(seen, found, strict=True) if d is not None]
        if any(len(part) != len(labels) for part in moved):
            if _name(func) == "chunk" and len({len(part) for part in moved}) == 1:
                self._set.join(*moved)  # to be cut into equal parts again, they must stay equal
            else:
                self._set.fix(labels)
        for out, d, part in zip(outs, found, moved, strict=True):
            self._put(out, d or 0, part)

    def _shared_dim(self, operands: list[Tensor]) -> int | None:
        """Return where all operands have their labels; freeze them and return None otherwise."""
        dims = {self._seen[id(t)][1] for t in operands if id(t) in self._seen}
        if len(dims) != 1:
            self.freeze(operands)
            return None
        return dims.pop()

    def _concatenate(
        self, func: Any, args: Any, kwargs: Any, operands: list[Tensor], outs: list[Tensor]
    ) -> None:
        (out,) = outs
        dim = self._shared_dim(operands)
        if dim is None:
            return
        where = _argument(args, kwargs, "dim", 1) or 0
        parts = [self._labels(operand, dim) for operand in operands]
        if (where if where < 0 else where - out.dim()) == dim:
            self._put(out, dim, np.concatenate(parts))
            return
        self._put(out, dim, self._set.join(*parts))

    def _stack(
        self, func: Any, args: Any, kwargs: Any, operands: list[Tensor], outs: list[Tensor]
    ) -> None:
        (out,) = outs
        dim = self._shared_dim(operands)
        if dim is None:
            return
        where = _argument(args, kwargs, "dim", 1) or 0
        where = where if where < 0 else where - out.dim()
        parts = [self._labels(operand, dim) for operand in operands]
        self._put(out, dim - 1 if where >= dim else dim, self._set.join(*parts))

    def _labels(self, tensor: Tensor, dim: int) -> Labels:
        """Return the labels of a tensor; those of a constant or of the image stay for ever."""
        if id(tensor) in self._seen:
            _, found, labels = self._seen[id(tensor)]
            if found == dim:
                return labels
            self._set.fix(labels)
        if id(tensor) in self._names:
            return self._of_parameter(tensor, tensor.dim() + dim)
        labels = self._set.fix(self._set.new(tensor.shape[dim]))
        self._put(tensor, dim, labels)
        return labels

    def _of_parameter(self, parameter: Tensor, dim: int) -> Labels:
        dims = self._tensors.setdefault(self._names[id(parameter)], {})
        if dim not in dims:
            dims[dim] = self._set.new(parameter.shape[dim])
        return dims[dim]

    def _put(self, tensor: Tensor, dim: int, labels: Labels) -> None:
        self._seen[id(tensor)] = tensor, dim, labels


def _name(func: Any) -> str:
    return func.__name__.strip("_")


def _argument(args: tuple[Any, ...], kwargs: dict[str, Any], name: str, position: int) -> Any:
    """Return an argument that was given by position or by name; None if it was left out."""
    return args[position] if len(args) > position else kwargs.get(name)


def _channel_dim(probe: Tensor) -> int | None:
    """Return the one dimension, from the end, along which a view of the probe changes."""
    dims = [d for d in range(-probe.dim(), 0) if probe.stride(d) and probe.shape[d] > 1]
    return dims[0] if len(dims) == 1 else None


def _slice(probe: Tensor, dim: int) -> Labels:
    """Return the labels along the channel dimension of a view of the probe."""
    return probe[tuple(slice(None) if d == dim else 0 for d in range(-probe.dim(), 0))].numpy()
