"""Segmentation networks and detectors, with weights from local files; nothing is downloaded."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ssid.errors import UserError, nearest
from ssid.metrics.downstream import Boxes, Detector, Segmenter
from ssid.models.pretrained import fill, read_weights

STRIDE = 32
"""Segmentation networks take images whose sides are multiples of this."""


def load_segmenter(
    architecture: str,
    encoder: str,
    classes: int,
    weights: Path,
    mean: Sequence[float],
    std: Sequence[float],
    device: torch.device,
) -> Segmenter:
    """Return a network of segmentation-models-pytorch that names the class of every pixel.

    Args:
        architecture: its name in that package, such as ``Unet``.
        encoder: the name of its encoder there, such as ``resnet34``.
        classes: number of classes, at least 2.
        weights: its state dict, as safetensors or saved by PyTorch.
        mean: values subtracted from R, G and B in [0, 1].
        std: values by which they are then divided.
        device: device that computes.

    Raises:
        UserError: if a name is unknown, or the weights are missing, damaged or do not fit.
    """
    import segmentation_models_pytorch as smp  # takes seconds to import

    options: dict[str, Any] = {"encoder_name": encoder, "encoder_weights": None, "classes": classes}
    try:
        network = smp.create_model(architecture, **options)
    except (KeyError, ValueError, RuntimeError) as error:
        raise UserError(
            f"segmentation-models-pytorch cannot build the architecture {architecture!r} with the"
            f" encoder {encoder!r}: {error.args[0]}"
        ) from error
    _load(network, weights, f"{architecture} with {encoder} and {classes} classes", device)
    shift, scale = torch.tensor([mean, std], device=device).view(2, 3, 1, 1)

    @torch.inference_mode()
    def segment(image: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        margin = (0, -width % STRIDE, 0, -height % STRIDE)
        padded = F.pad(image[None].float().to(device), margin, mode="replicate")
        scores = network((padded - shift) / scale)[0, :, :height, :width]
        return scores.argmax(dim=0).cpu()

    return segment


def load_detector(architecture: str, classes: int, weights: Path, device: torch.device) -> Detector:
    """Return a detector of torchvision; it scales and normalises images itself.

    Args:
        architecture: its name in torchvision, such as ``fasterrcnn_resnet50_fpn``.
        classes: number of classes, the background included.
        weights: its state dict, as safetensors or saved by PyTorch.
        device: device that computes.

    Raises:
        UserError: if the name is unknown, or the weights are missing, damaged or do not fit.
    """
    from torchvision.models import detection, get_model, list_models

    known = list_models(module=detection)
    if architecture not in known:
        raise UserError(
            f"torchvision has no detector {architecture!r}.{nearest(architecture, known)}"
            f" It has: {', '.join(known)}."
        )
    network = get_model(architecture, weights=None, weights_backbone=None, num_classes=classes)
    _load(network, weights, f"{architecture} with {classes} classes", device)

    @torch.inference_mode()
    def detect(image: Tensor) -> Boxes:
        (found,) = network([image.float().to(device)])
        return Boxes(*(found[name].cpu() for name in ("boxes", "labels", "scores")))

    return detect


def _load(network: nn.Module, weights: Path, name: str, device: torch.device) -> None:
    """Fill a network and make it ready for use."""
    fill(network, read_tensors(weights), f"{name} from {weights}")
    network.eval().requires_grad_(False).to(device)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors in a safetensors file or one saved by PyTorch; nothing is executed.

    Raises:
        UserError: if the file is missing or damaged.
    """
    if path.suffix != ".safetensors" or not path.is_file():
        return read_weights(path)
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path} is not a readable safetensors file: {error}") from error
