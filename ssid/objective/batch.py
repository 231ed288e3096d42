"""The images of one training step."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor


class Batch(NamedTuple):
    """One step's images, RGB in [0, 1]: P pairs and R unlabelled real photographs.

    Attributes:
        rainy: P×3×p×p.
        clean: P×3×p×p, the targets of ``rainy``.
        real: R×3×p×p; R may be 0.
    """

    rainy: Tensor
    clean: Tensor
    real: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on ``device``, its channels last as in the networks' weights."""
        layout = torch.channels_last
        moved = (images.to(device, non_blocking=True, memory_format=layout) for images in self)
        return Batch(*moved)

    def parts(self, count: int) -> Iterator["Batch"]:
        """Yield the batch in ``count`` parts of equal size."""
        for part in range(count):
            sizes = (len(images) // count for images in self)
            yield Batch(*(i[part * n : (part + 1) * n] for i, n in zip(self, sizes, strict=True)))
