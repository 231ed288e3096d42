"""The images of one training step."""

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
