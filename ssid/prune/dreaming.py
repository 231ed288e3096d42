"""Dreaming: images that a trained derainer would have seen, found by optimising noise.

"Dreaming to Prune" (CVPR 2022) starts from noise, optimises the images under a term L_dream with
collected clean images and a term of diversity L_orth on penultimate features (λ_orth = 0.05, rate
5e-2), and distils the pruned network on them. Only its supplement could be read: the forms of
L_dream and L_orth, the optimizer, the number of steps and the restarts are reconstructed.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ssid.errors import UserError
from ssid.models import Derainer

COLLAPSE = 2 / 255

Penultimate = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Images N×3×H×W to penultimate features N×C×H×W and estimates N×3×H×W."""


@dataclass(frozen=True)
class Dream:
    """Dreamed images after one step.

    Attributes:
        images: x, B×3×H×W in [0, 1].
        clean: y, the clean images that the network should see in them.
        step: steps since these images were noise, from 1.
        dream: L_dream = mean|T(x) − y|.
        diversity: L_orth.
        distance: mean|x − y|. Where it falls to zero, nothing is dreamed but the clean image.
    """

    images: Tensor
    clean: Tensor
    step: int
    dream: float
    diversity: float
    distance: float

    @property
    def collapsed(self) -> bool:
        """Whether x differs from y by less than 2 of 255 levels in the mean."""
        return self.distance < COLLAPSE


@dataclass(frozen=True)
class Dreaming:
    """How to dream.

    Attributes:
        steps: optimisation steps from noise; afterwards, new noise and new clean images begin.
        lr: rate of Adam on the images, falling to zero along a cosine. Published: 5e-2; the
            decay is ours, so that images settle to less than one level.
        diversity: λ_orth, weight of L_orth; 0 leaves it out. Published: 0.05.
    """

    steps: int
    lr: float = 5e-2
    diversity: float = 0.05


def orthogonality(features: Tensor) -> Tensor:
    """Return L_orth = ‖G − I‖²_F / (B(B−1)) with G_ij = f_i·f_j of L2-normalised features.

    Reconstructed: the publication only says that deep features of a batch are regularised to be
    orthogonal. 0 for orthogonal, 1 for identical features.

    Args:
        features: B×D, B ≥ 2.
    """
    count = len(features)
    normalised = nn.functional.normalize(features.float(), dim=1)
    G = normalised @ normalised.T
    return (G - torch.eye(count, device=G.device)).square().sum() / (count * (count - 1))


def dream(
    look: Penultimate, clean: Iterable[Tensor], dreaming: Dreaming, seed: int = 0
) -> Iterator[Dream]:
    """Yield the images after each step of dreaming, for as long as there are clean images.

    min over x of mean|T(x) − y| + λ_orth·L_orth. L_orth takes the difference of pooled features
    f(x_i) − f(y_i), so that it is blind to content (reconstructed). Whoever consumes the images
    between steps distils jointly, one step each. Gradients reach the images alone.

    Args:
        look: the trained network T, frozen: :func:`penultimate` for our networks.
        clean: batches y, B×3×H×W in [0, 1], of photographs that T was not trained on; B ≥ 2.
        dreaming: settings of the dreams.
        seed: seed of the noise.

    Raises:
        UserError: if the images collapse to the clean images, from which nothing is learnt.
    """
    generator = torch.Generator().manual_seed(seed)
    for y in clean:
        x = torch.rand(y.shape, generator=generator).to(y.device).requires_grad_(True)
        optimizer = torch.optim.Adam([x], lr=dreaming.lr)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, dreaming.steps)
        with torch.no_grad():
            content = look(y)[0].mean(dim=(2, 3))
        for step in range(1, dreaming.steps + 1):
            features, estimate = look(x)
            loss = (estimate.float() - y).abs().mean()
            spread = orthogonality(features.mean(dim=(2, 3)) - content)
            (x.grad,) = torch.autograd.grad(loss + dreaming.diversity * spread, [x])
            optimizer.step()
            schedule.step()
            with torch.no_grad():
                x.clamp_(0, 1)
            distance = (x.detach() - y).abs().mean().item()
            now = Dream(x.detach().clone(), y, step, loss.item(), spread.item(), distance)
            yield now
        _refuse_collapse(now)


def penultimate(model: Derainer) -> Penultimate:
    """Return the view into one of our networks: what enters its last convolution, and its image."""

    def look(images: Tensor) -> tuple[Tensor, Tensor]:
        stage = model.unroll(images)[-1]
        return stage.features.map, stage.image

    return look


def hooked(model: nn.Module, last: nn.Module) -> Penultimate:
    """Return the same view into any network, by what enters its module ``last``."""

    def look(images: Tensor) -> tuple[Tensor, Tensor]:
        seen: list[Tensor] = []
        handle = last.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        try:
            estimate = model(images)
        finally:
            handle.remove()
        return seen[-1], estimate

    return look


def _refuse_collapse(now: Dream) -> None:
    if now.collapsed:
        raise UserError(
            f"dreaming collapsed: after {now.step} steps the images differ from the clean"
            f" photographs by {255 * now.distance:.2f} of 255 levels only, so they hold no rain to"
            " learn from. The network may not be a derainer, or leaves images as they are; fewer"
            " steps per dream, or a larger weight of diversity, can help."
        )
