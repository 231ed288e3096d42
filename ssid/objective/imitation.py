"""The teacher's estimates as targets, on synthetic pairs and on real rain."""

import torch.nn.functional as F
from torch import Tensor

from ssid.objective.registry import term
from ssid.objective.scene import Scene


@term("imitation", kind="distillation", student=("rainy",), teacher=("rainy",))
def imitation(scene: Scene) -> Tensor:
    """Match the teacher's estimate of the synthetic images, mean absolute difference."""
    derained, target = scene.student("rainy")[-1].image, scene.teacher("rainy")[-1].image
    return F.l1_loss(derained.float(), target.float())


@term("teacher_labels", kind="alignment", student=("real",), images=("pseudo_clean",))
def teacher_labels(scene: Scene) -> Tensor:
    """Take the teacher's estimate of real rain as the target, mean absolute difference."""
    derained = scene.student("real")[-1].image.float()
    return F.l1_loss(derained, scene.images("pseudo_clean"))
