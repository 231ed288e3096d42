"""Recovery: the pruned network learns from the original, on images of any kind."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ssid.prune.masks import apply_masks


class RecoveryStep(NamedTuple):
    """One step of recovery: its number, from 1, and L_KD."""

    step: int
    loss: float


def recover(
    student: nn.Module,
    original: nn.Module,
    images: Iterable[Tensor],
    steps: int,
    *,
    lr: float = 1e-4,
    masks: Mapping[str, Tensor] | None = None,
) -> Iterator[RecoveryStep]:
    """Distil ``original`` into ``student`` in place, yielding after each step.

    min over S of mean|T(x) − S(x)|, with Adam ("Dreaming to Prune", CVPR 2022: L1, λ_KD = 1, rate
    1e-4; the optimizer is reconstructed). No gradient reaches T or the images.

    The rate falls to zero along a cosine, which is ours: at a constant one the last few batches
    decide by chance what is left, by several dB in recurrent networks.

    Args:
        student: the pruned network S.
        original: the network T that it was pruned from.
        images: batches x, N×3×H×W in [0, 1]: dreamed, random, clean, or real training rain.
        steps: number of batches taken at most.
        lr: rate of the weights at the start.
        masks: weights that stay zero, from :func:`~ssid.prune.masks.prune_unstructured`.
    """
    optimizer = torch.optim.Adam(student.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(steps, 1))
    for step, batch in enumerate(islice(images, steps), start=1):
        with torch.no_grad():
            target = original(batch)
        loss = (target.float() - student(batch).float()).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        apply_masks(student, masks or {})
        yield RecoveryStep(step, loss.item())
