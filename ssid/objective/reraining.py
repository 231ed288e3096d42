"""Rain layers found in photographs, put on clean images: real rain with a target."""

import torch
import torch.nn.functional as F
from torch import Tensor


def rerain(
    backgrounds: Tensor,
    rain: Tensor,
    generator: torch.Generator,
    strength: tuple[float, float] = (0.5, 1.1),
) -> Tensor:
    """Return x̃ = clamp(background + u · rain, 0, 1) with the rain layers shuffled.

    Rain is taken for added light, which it is in Rain100L and Rain100H, and in half of Rain800.

    Source: self-training of MOSS (CVPR 2021), where the backgrounds are {R, ŷ, O, B} and the rain
    layers, both constants, {r_s, r_s, r_r, r_r}. Only rain is shuffled, so the targets {ŷ, ŷ, B, B}
    keep the order of the backgrounds.

    Args:
        backgrounds: N×3×H×W, RGB in [0, 1], detached here.
        rain: N×3×H×W or N×1×H×W, rainy minus derained, detached here.
        generator: generator of the order and of u, on the CPU.
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
        width: width of the horizontal window, in pixels, odd.

    Returns:
        N×1×H×W, 0 or more.
    """
    layer = (rainy - derained.float()).clamp(min=0).mean(1, keepdim=True)
    eroded = -F.max_pool2d(_widened(-layer, width), (1, width), stride=1)
    return layer - F.max_pool2d(_widened(eroded, width), (1, width), stride=1)


def _widened(images: Tensor, width: int) -> Tensor:
    return F.pad(images, (width // 2, width // 2, 0, 0), mode="replicate")
