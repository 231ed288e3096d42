"""How much memory a network takes by the pixel."""

import weakref
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from ssid.models.base import Derainer

OVERHEAD = 1.5
"""Work space of convolutions, by which processes grow beyond the sum of their tensors."""

_SIDE = 256


class _Live(TorchDispatchMode):
    """Counts the bytes of all tensors that are alive."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._known: set[int] = set()

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, tuple | list) else (result,):
            if isinstance(tensor, Tensor):
                self._count(tensor.untyped_storage())
        return result

    def _count(self, storage: Any) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key not in self._known:
            self._known.add(key)
            self.now += size
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self._free, key, size)

    def _free(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.now -= size


@torch.no_grad()
def bytes_per_pixel(model: Derainer) -> float:
    """Return the bytes that a network takes at once for each pixel of an image."""
    weight = next(model.parameters())
    image = torch.zeros(1, 3, _SIDE, _SIDE, device=weight.device)
    with _Live() as live:
        model(image)
    return OVERHEAD * live.peak / _SIDE**2
