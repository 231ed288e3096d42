"""The optimizer, and its learning rate as a pure function of the step and past validations.

The rate has no state, so that an interrupted run continues with the one it would have had.
"""

import math
from collections.abc import Sequence
from typing import Any

from torch import nn
from torch.optim import Adam, Adamax, AdamW, Optimizer

from ssid.training.params import OptimizerParams, ScheduleParams


def make_optimizer(params: OptimizerParams, network: nn.Module) -> Optimizer:
    """Return the optimizer of ``params`` over everything in ``network`` that can learn."""
    weights = [p for p in network.parameters() if p.requires_grad]
    options: dict[str, Any] = {"lr": params.lr, "weight_decay": params.weight_decay}
    if params.name == "adamax":
        return Adamax(weights, **options)
    # Fused: a fifth of the time on a CPU, where a small network's step is short.
    return {"adam": Adam, "adamw": AdamW}[params.name](weights, fused=True, **options)


def learning_rate(
    schedule: ScheduleParams, base: float, step: int, steps: int, scores: Sequence[float]
) -> float:
    """Return the learning rate of ``step``, which never exceeds ``base``.

    Args:
        schedule: its kind and numbers.
        base: the rate at full height.
        step: number of the step, 0 … steps − 1.
        steps: length of the run.
        scores: validation PSNR values so far, in order; only ``plateau`` looks at them.
    """
    done = step / steps
    if done < schedule.warmup:
        return base * min(1.0, (step + 1) / (schedule.warmup * steps))
    return max(schedule.min_lr, base * _scale(schedule, done, scores))


def _scale(schedule: ScheduleParams, done: float, scores: Sequence[float]) -> float:
    match schedule.name:
        case "milestones":
            return schedule.factor ** sum(done >= milestone for milestone in schedule.milestones)
        case "cosine":
            return 0.5 * (1 + math.cos(math.pi * done))
        case "plateau":
            return schedule.factor ** plateaus(scores, schedule.patience)
        case _:
            return 1.0


def plateaus(scores: Sequence[float], patience: int) -> int:
    """Return how often ``scores`` went more than ``patience`` entries without a new maximum."""
    count, waiting, best = 0, 0, -math.inf
    for score in scores:
        waiting = 0 if score > best else waiting + 1
        best = max(best, score)
        if waiting > patience:
            count, waiting = count + 1, 0
    return count
