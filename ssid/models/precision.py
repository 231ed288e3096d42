"""The number format in which losses are computed."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import torch
from torch import Tensor

P = ParamSpec("P")
R = TypeVar("R")


def full_precision(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function of images so that it computes in float32 whatever surrounds it.

    Tensors among the arguments arrive as float32 (float64 stays), and autocast is off inside:
    casting alone would not do, because autocast turns convolutions back to bfloat16, and a
    variance taken as E[x²] - E[x]² does not survive that.
    """

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> R:
        tensors = (value for value in (*args, *kwargs.values()) if isinstance(value, Tensor))
        with torch.autocast(next(tensors).device.type, enabled=False):
            wide = {name: at_least_float32(value) for name, value in kwargs.items()}
            return function(*map(at_least_float32, args), **wide)

    return cast("Callable[P, R]", run)


def at_least_float32(value: Any) -> Any:
    """Return ``value`` as float32 if it is a tensor of a 16-bit format, and unchanged if not."""
    half = isinstance(value, Tensor) and value.dtype in (torch.float16, torch.bfloat16)
    return value.float() if half else value
