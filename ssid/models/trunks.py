"""Frozen classifiers whose features stand in for human judgement of pictures."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from ssid.config.base import named
from ssid.models.precision import full_precision
from ssid.models.pretrained import draw, fill, read_lite0, read_torchvision
from ssid.registry import Registry

RANDOM = "_random"
FINE = slice(0, 4)
"""The four finest of a trunk's five feature maps, for perceptual distances."""
COARSE = slice(1, 5)
"""The four coarsest, for segmentation."""


class Frozen(nn.Module):
    """A network that is used and never trained.

    It moves between devices with the module that holds it, and otherwise stays out of sight: no
    optimizer finds its parameters, no checkpoint its weights, and ``train()`` leaves its batch
    normalisation and dropout in evaluation mode. Gradients pass through to its inputs.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        # Inside a tuple, PyTorch does not take it for a submodule.
        self._held = (network.eval().requires_grad_(False),)

    @property
    def network(self) -> nn.Module:
        """The network itself."""
        return self._held[0]

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Frozen":
        self.network._apply(fn, recurse)
        return super()._apply(fn, recurse)

    def forward(self, *inputs: Any) -> Any:
        """Return what the network makes of ``inputs``."""
        return self.network(*inputs)


class Architecture(NamedTuple):
    """One kind of trunk.

    Attributes:
        encoder: its name among the encoders of segmentation-models-pytorch.
        taps: names of its five feature maps, fine to coarse, and their place in the output.
        mean: values subtracted from R, G and B in [0, 1] when the weights were trained.
        std: values by which they were then divided.
        read: function that returns the weights from a file, or from their usual place.
        prefix: text that the encoder puts before the names of the weights.
    """

    encoder: str
    taps: Mapping[str, int]
    mean: Sequence[float]
    std: Sequence[float]
    read: Callable[[Path | None], dict[str, Tensor]]
    prefix: str = ""


IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

TRUNKS: Registry[Architecture] = Registry("trunk")
"""Frozen feature extractors by the name that a term's option ``trunk`` gives them."""
TrunkName = Annotated[str, named(lambda name: TRUNKS[name.removesuffix(RANDOM)] and name)]

TRUNKS.add(
    "efficientnet_lite0",
    Architecture(
        "tu-tf_efficientnet_lite0",
        {"stride2": 1, "stride4": 2, "stride8": 3, "stride16": 4, "stride32": 5},
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        read=read_lite0,
        prefix="model.",
    ),
)
TRUNKS.add(
    "vgg16",
    Architecture(
        "vgg16",
        {"relu1_2": 0, "relu2_2": 1, "relu3_3": 2, "relu4_3": 3, "relu5_3": 4},
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        read=partial(read_torchvision, "VGG16_Weights.IMAGENET1K_V1"),
    ),
)
TRUNKS.add(
    "resnet101",
    Architecture(
        "resnet101",
        {"stem": 1, "C2": 2, "C3": 3, "C4": 4, "C5": 5},
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        read=partial(read_torchvision, "ResNet101_Weights.IMAGENET1K_V1"),
    ),
)


class Trunk(nn.Module):
    """A frozen feature extractor: images N×3×H×W, RGB in [0, 1], to a list of maps N×C×h×w.

    Attributes:
        taps: the names of the feature maps, fine to coarse.
        channels: the width C of each of them.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, encoder: nn.Module, architecture: Architecture, taps: slice) -> None:
        super().__init__()
        self.encoder = Frozen(encoder)
        widths = cast("Sequence[int]", encoder.out_channels)
        self.taps = tuple(architecture.taps)[taps]
        self._places = [architecture.taps[name] for name in self.taps]
        self.channels = [widths[place] for place in self._places]
        mean, std = torch.tensor([architecture.mean, architecture.std]).view(2, 3, 1, 1)
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("std", std, persistent=False)

    @full_precision
    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the float32 feature maps of ``images``, one for each tap."""
        maps = self.encoder((images - self.mean) / self.std)
        return [maps[place] for place in self._places]


def load_trunk(
    name: str, weights: Path | str | None = None, taps: slice = FINE, seed: int = 0
) -> Trunk:
    """Return a trunk with its ImageNet weights; nothing is ever downloaded.

    Args:
        name: an entry of :data:`TRUNKS`; with ``_random`` behind it, the same architecture with
            random weights, for tests and ablations.
        weights: the file with the weights. By default those of ``efficientnet_lite0`` come with
            an installed package, and others are looked for where torchvision keeps them.
        taps: slice of the five feature maps that are read.
        seed: determines random weights.

    Raises:
        UserError: if the name is unknown, or the weights are missing, damaged or do not fit.
    """
    import segmentation_models_pytorch as smp

    architecture = TRUNKS[name.removesuffix(RANDOM)]
    depth = list(architecture.taps.values())[taps][-1]
    with torch.device("meta"):  # VGG spends seconds on drawing weights that are replaced anyway.
        encoder = smp.encoders.get_encoder(architecture.encoder, depth=depth, weights=None)
    encoder = encoder.to_empty(device="cpu")
    if name.endswith(RANDOM):
        draw(encoder, seed)
    else:
        stored = architecture.read(Path(weights) if weights else None)
        fill(encoder, {architecture.prefix + key: v for key, v in stored.items()}, name)
    # As all networks here: on CPUs depthwise convolutions are almost twice as fast in this layout.
    return Trunk(encoder.to(memory_format=torch.channels_last), architecture, taps)
