"""Learn from photographs of real rain by pseudo labels: averaged teacher, confidence, re-raining.

The other two semi-supervised strategies have files of their own: ``mixture`` (SIRR) and
``gaussian_process`` (Syn2Real).
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@torch.no_grad()
def ema_update(ema_model: nn.Module, model: nn.Module, decay: float = 0.999) -> None:
    """Move a teacher towards its student in place: θ' ← decay · θ' + (1 − decay) · θ.

    Source: mean teacher (Tarvainen and Valpola, NeurIPS 2017); 0.999 per step in MOSS (CVPR
    2021). Buffers are copied: MOSS and others leave them behind, which freezes the statistics of
    batch normalisation.

    Args:
        ema_model: the averaged teacher; its parameters need no gradient.
        model: the student, of the same architecture.
        decay: share of the old value that is kept, 0..1.
    """
    for average, parameter in zip(ema_model.parameters(), model.parameters(), strict=True):
        average.lerp_(parameter, 1 - decay)
    for copy, buffer in zip(ema_model.buffers(), model.buffers(), strict=True):
        copy.copy_(buffer)


@torch.no_grad()
def flip_consensus(
    derain: Callable[[Tensor], Tensor], rainy: Tensor, tolerance: float = 0.02
) -> tuple[Tensor, Tensor]:
    """Return pseudo labels and how far a derainer agrees with itself on mirrored photographs.

    The quality measure without reference is ours: rain and background look alike mirrored left to
    right, so a pixel on which the two estimates differ is one that the teacher guesses. It costs
    two forward passes. It cannot see rain that both estimates leave in place.

    Args:
        derain: the teacher, N×3×H×W to N×3×H×W.
        rainy: N×3×H×W, RGB in [0, 1].
        tolerance: half the difference, in units of the image range, at which confidence is 1/e.

    Returns:
        The mean of both estimates in [0, 1], N×3×H×W, and the confidence exp(−d / tolerance) in
        (0, 1], N×1×H×W, where d is half their absolute difference averaged over RGB.
    """
    upright = derain(rainy).float().clamp(0, 1)
    mirrored = derain(rainy.flip(-1)).flip(-1).float().clamp(0, 1)
    disagreement = (upright - mirrored).abs().mean(1, keepdim=True) / 2
    return (upright + mirrored) / 2, torch.exp(-disagreement / tolerance)


def pseudo_label_loss(derained: Tensor, pseudo_label: Tensor, confidence: Tensor) -> Tensor:
    """Return mean confidence · |derained − pseudo_label|.

    It is not divided by the total confidence: a teacher unsure everywhere should count less.

    Args:
        derained: the student's estimate, N×3×H×W.
        pseudo_label: N×3×H×W, detached here.
        confidence: N×1×H×W or N×1×1×1 in [0, 1], detached here.
    """
    error = (derained.float() - pseudo_label.detach().float()).abs()
    return (confidence.detach().float() * error).mean()


def rerain(
    backgrounds: Tensor,
    rain: Tensor,
    generator: torch.Generator,
    strength: tuple[float, float] = (0.5, 1.1),
) -> Tensor:
    """Return x̃ = clamp(background + u · rain, 0, 1) with the rain layers shuffled.

    Source: self-training of MOSS (CVPR 2021), where the backgrounds are {R, ŷ, O, B} and the rain
    layers, both constants, {r_s, r_s, r_r, r_r}. Only rain is shuffled, so the targets {ŷ, ŷ, B, B}
    keep the order of the backgrounds.

    Args:
        backgrounds: N×3×H×W, RGB in [0, 1], detached here.
        rain: N×3×H×W or N×1×H×W, rainy minus derained, detached here.
        generator: of the order and of u, on the CPU.
        strength: range of u, drawn uniformly for each image.
    """
    order = torch.randperm(len(rain), generator=generator)
    u = torch.empty(len(rain), 1, 1, 1).uniform_(*strength, generator=generator).to(rain)
    return (backgrounds.detach() + u * rain.detach()[order.to(rain.device)]).clamp(0, 1)


def found_streaks(rainy: Tensor, derained: Tensor, width: int = 17) -> Tensor:
    """Return the streaks in the layer that a network removed: its white top-hat across the image.

    Ours. How bright a veil or a whole picture should be cannot be seen without a target; what the
    network believes of it must not become its own target. So of the layer, averaged over RGB and
    without what it would darken, only that stays which is narrower than ``width``.

    Args:
        rainy: N×3×H×W, RGB in [0, 1].
        derained: the estimate, N×3×H×W.
        width: of the horizontal window, in pixels, odd.

    Returns:
        N×1×H×W, 0 or more.
    """
    layer = (rainy - derained.float()).clamp(min=0).mean(1, keepdim=True)
    eroded = -F.max_pool2d(_widened(-layer, width), (1, width), stride=1)
    return layer - F.max_pool2d(_widened(eroded, width), (1, width), stride=1)


def _widened(images: Tensor, width: int) -> Tensor:
    return F.pad(images, (width // 2, width // 2, 0, 0), mode="replicate")
