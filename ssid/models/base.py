"""What every deraining network has in common: an encoder and a decoder."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn


class Recipe(NamedTuple):
    """What a network is rebuilt from before its weights are loaded.

    Attributes:
        name: name of the network in the registry.
        options: options that it was made with.
        shapes: shapes of the tensors that pruning made smaller, by name.
    """

    name: str
    options: dict[str, Any]
    shapes: dict[str, list[int]] = {}  # noqa: RUF012 - never changed


@dataclass(frozen=True)
class Features:
    """What an encoder hands to its decoder.

    Attributes:
        map: N×C×H×W, the map that enters the last convolution(s) of the network, at the (padded)
            resolution of the image. Rain-prior distillation, hints and pruning look here.
        code: N×K×h×w, the deepest code of the network, whose distribution is aligned between
            synthetic and real rain. Networks without a bottleneck give ``map`` again.
        levels: feature maps of a hierarchy, fine to coarse; empty where there is none.
        side: tensors that only the network's own decoder reads, such as auxiliary images.
    """

    map: Tensor
    code: Tensor
    levels: tuple[Tensor, ...] = ()
    side: tuple[Tensor, ...] = field(default=(), repr=False)


class Stage(NamedTuple):
    """One stage of a network: its features and the clean estimate decoded from them."""

    features: Features
    image: Tensor


class Derainer(nn.Module):
    """A deraining network for images N×3×H×W, RGB in [0, 1]; estimates are not clamped.

    A network implements :meth:`encode_padded` and :meth:`decode_padded` for images whose sides are
    multiples of ``multiple``; one of several stages :meth:`unroll_padded`, too. This class pads
    other sizes by reflection and crops the estimates back, so that any image of at least
    ``min_side`` pixels a side keeps its exact size.

    Attributes:
        multiple: number of which the sides of padded images are multiples.
        min_side: the shortest side of an image in pixels.
        recipe: description that rebuilds the network; None for one that was not made by its name.
    """

    multiple: int = 1
    min_side: int = 1
    recipe: Recipe | None = None

    def encode_padded(self, rainy: Tensor) -> Features:
        """Return the features of a padded image N×3×H×W."""
        raise NotImplementedError

    def decode_padded(self, features: Features, rainy: Tensor) -> Tensor:
        """Return the clean estimate N×3×H×W of a padded image from its features."""
        raise NotImplementedError

    def unroll_padded(self, rainy: Tensor) -> list[Stage]:
        """Return the stages of a padded image N×3×H×W, first to last."""
        features = self.encode_padded(rainy)
        return [Stage(features, self.decode_padded(features, rainy))]

    def encode(self, rainy: Tensor) -> Features:
        """Return the features of ``rainy``, N×3×H×W of any size from ``min_side`` up.

        Raises:
            ValueError: if a side of the image is shorter than ``min_side``.
        """
        return self.encode_padded(self.pad(rainy))

    def decode(self, features: Features, rainy: Tensor) -> Tensor:
        """Return the clean estimate of ``rainy``, same size, from features that it gave."""
        return crop(self.decode_padded(features, self.pad(rainy)), rainy)

    def unroll(self, rainy: Tensor) -> list[Stage]:
        """Return every stage's features and estimate; one item unless the network has several."""
        stages = self.unroll_padded(self.pad(rainy))
        return [Stage(features, crop(image, rainy)) for features, image in stages]

    def forward(self, rainy: Tensor) -> Tensor:
        """Return the clean estimate of ``rainy``: N×3×H×W in, N×3×H×W out."""
        return self.unroll(rainy)[-1].image

    def pad(self, images: Tensor) -> Tensor:
        """Extend the right and bottom edge by reflection to multiples of ``multiple``."""
        height, width = images.shape[-2:]
        if min(height, width) < self.min_side:
            raise ValueError(
                f"{type(self).__name__} needs images of at least {self.min_side}×{self.min_side} "
                f"pixels, got {height}×{width} (height×width)"
            )
        bottom, right = -height % self.multiple, -width % self.multiple
        if not (bottom or right):
            return images
        # Reflection needs more pixels than it adds; tiny images repeat their edge instead.
        mode = "reflect" if bottom < height and right < width else "replicate"
        return F.pad(images, (0, right, 0, bottom), mode=mode)


def crop(images: Tensor, like: Tensor) -> Tensor:
    """Return the upper left part of padded images, as high and as wide as ``like``."""
    height, width = like.shape[-2:]
    return images[..., :height, :width]
