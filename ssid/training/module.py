"""One forward pass of training as one module, which Accelerate can wrap."""

import torch
from torch import Tensor, nn

from ssid.models import Derainer
from ssid.objective.batch import Batch
from ssid.objective.objective import Objective
from ssid.objective.scene import Scene


class TrainingModule(nn.Module):
    """The student and whatever its objective trains along with it.

    It returns the terms, and not what the student has seen: several processes average the gradients
    of all that the terms depend on, which changes when a term starts, and wait for no others.

    Args:
        student: the network that learns.
        objective: its terms and their parts.
    """

    def __init__(self, student: Derainer, objective: Objective) -> None:
        super().__init__()
        self.student = student
        self.objective = objective

    def forward(self, batch: Batch, teacher: Derainer | None, first: bool) -> dict[str, Tensor]:
        """Return the weighted value of every term, a scalar each, computed in float32.

        Args:
            batch: images of a step, or of a part of it.
            teacher: the frozen teacher, or None.
            first: flag that says whether it is the first part of a step.
        """
        scene = Scene(batch, self.student.unroll, teacher, self.objective.views, first)
        with torch.autocast(batch.rainy.device.type, enabled=False):
            return self.objective(scene)
