"""Tiny networks, and batches for them."""

import torch
from torch import Tensor

from ssid.models import Derainer, create_model
from ssid.objective.batch import Batch
from ssid.objective.objective import Objective
from ssid.objective.scene import Scene

NARROW = ("ssid_kd", {"widths": [4, 4, 12], "units": [1, 1, 1]})
RRG_8 = ("rrg", {"channels": 8, "msrbs": 1})
RRG_16 = ("rrg", {"channels": 16, "msrbs": 1})
PRENET = ("prenet", {"channels": 4, "stages": 2, "units": 1})
AFRNET = ("afrnet", {"width": 4, "modules": 1})
AFRNET_STUDENT = ("afrnet_student", {"width": 2})
DDN = ("ddn", {"channels": 4, "units": 1})
PRENET_6 = ("prenet", {"channels": 6, "stages": 1, "units": 1})


def build(model: tuple[str, dict], seed: int = 0) -> Derainer:
    """Return a network with random weights that ``seed`` decides."""
    name, options = model
    torch.manual_seed(seed)
    return create_model(name, **options)


def random_batch(pairs: int = 2, real: int = 2, side: int = 32, seed: int = 0) -> Batch:
    """Return smooth backgrounds, most of them under streaks of different directions."""
    generator = torch.Generator().manual_seed(seed)

    def draw(count: int) -> Tensor:
        coarse = torch.rand(count, 3, 4, 4, generator=generator)
        return torch.nn.functional.interpolate(coarse, (side, side), mode="bilinear") * 0.7

    def rain(images: Tensor, slant: int) -> Tensor:
        rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
        return images + 0.3 * ((3 * columns + slant * rows) % 11 < 3)

    clean = draw(pairs)
    return Batch(rain(clean, 1), clean, rain(draw(real), 2))


class Counted:
    """Calls an ``unroll`` and remembers how many images each call had."""

    def __init__(self, network: Derainer) -> None:
        self.network = network
        self.sizes: list[int] = []

    def __call__(self, images: Tensor) -> list:
        self.sizes.append(len(images))
        return self.network.unroll(images)

    unroll = __call__


def scene_for(objective: Objective, student, teacher, batch: Batch | None = None) -> Scene:
    """Return the scene that ``objective`` asks for, as the training loop makes it."""
    unroll = getattr(student, "unroll", student)
    return Scene(batch or random_batch(), unroll, teacher, objective.views)
