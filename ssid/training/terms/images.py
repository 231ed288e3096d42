"""Terms that look at the student's estimates."""

from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssid.losses.contrastive import PerceptualContrast
from ssid.losses.perceptual import LearnedPerceptualSimilarity, PerceptualLoss
from ssid.losses.priors import (
    dark_channel_loss,
    dark_channel_loss_as_published,
    total_variation,
    total_variation_as_published,
)
from ssid.losses.segmentation import BackgroundSegmentation
from ssid.losses.ssim import ssim
from ssid.losses.trunks import COARSE, load_trunk
from ssid.training.scene import Scene, View
from ssid.training.terms.registry import DOMAINS, Domain, Setup, term


@term("l1", kind="loss", student=("rainy",), images=("clean",))
def l1(scene: Scene) -> Tensor:
    """Return the mean absolute error on the pairs."""
    return F.l1_loss(_derained(scene, "rainy"), scene.batch.clean)


@term("mse", kind="loss", student=("rainy",), images=("clean",))
def mse(scene: Scene) -> Tensor:
    """Return the mean squared error on the pairs."""
    return F.mse_loss(_derained(scene, "rainy"), scene.batch.clean)


@term("ssim", kind="loss", student=("rainy",), images=("clean",))
def ssim_loss(scene: Scene, *, border: Literal["valid", "zero"] = "valid") -> Tensor:
    """Return 1 − SSIM on the pairs; rain-prior distillation, Eq. 3, and SSID-KD's teacher."""
    return 1 - ssim(_derained(scene, "rainy"), scene.batch.clean, border)


@term("deep_supervision", kind="loss", student=("rainy",), images=("clean",))
def deep_supervision(scene: Scene) -> Tensor:
    """Return 1 − SSIM on the pairs, averaged over all stages of a recurrent network."""
    losses = [1 - ssim(stage.image, scene.batch.clean) for stage in scene.student("rainy")]
    return torch.stack(losses).mean()


@term("dark_channel", kind="loss", student=("rainy", "real"))
def dark_channel(
    scene: Scene, *, window: int = 35, on: Domain = "real", as_published: bool = False
) -> Tensor:
    """Return the mean dark channel of estimates; SSID-KD, corrected or ``as_published``."""
    loss = dark_channel_loss_as_published if as_published else dark_channel_loss
    return torch.stack([loss(images, window) for images in _estimates(scene, on)]).sum()


@term("total_variation", kind="loss", student=("rainy", "real"))
def variation(scene: Scene, *, on: Domain = "real", as_published: bool = False) -> Tensor:
    """Return the total variation of estimates; SSID-KD, corrected or ``as_published``."""
    loss = total_variation_as_published if as_published else total_variation
    return torch.stack([loss(images) for images in _estimates(scene, on)]).sum()


def perceptual_part(
    setup: Setup, *, trunk: str = "efficientnet_lite0", weights: str | None = None
) -> PerceptualLoss:
    """Return the feature distance in a frozen trunk."""
    return PerceptualLoss(load_trunk(trunk, _path(weights)))


@term(
    "perceptual",
    kind="loss",
    student=("rainy",),
    images=("clean",),
    part=perceptual_part,
)
def perceptual(scene: Scene, part: nn.Module) -> Tensor:
    """Return the distance of estimate and target in features of a trunk; ECCV 2016, Eq. 2."""
    return part(_derained(scene, "rainy"), scene.batch.clean)


def lpips_part(
    setup: Setup, *, network: str = "vgg", weights: str | None = None
) -> LearnedPerceptualSimilarity:
    """Return the learned similarity; its trunk's weights come from a local file."""
    return LearnedPerceptualSimilarity(network, _path(weights))


@term("lpips", kind="loss", student=("rainy",), images=("clean",), part=lpips_part)
def lpips(scene: Scene, part: nn.Module) -> Tensor:
    """Return LPIPS on the pairs; SAPNet's LPISL (WACV 2022), with the gradient it lacks there."""
    return part(_derained(scene, "rainy"), scene.batch.clean)


def contrast_part(
    setup: Setup, *, trunk: str = "efficientnet_lite0", weights: str | None = None
) -> PerceptualContrast:
    """Return the contrast in a frozen trunk."""
    return PerceptualContrast(load_trunk(trunk, _path(weights)))


@term(
    "contrastive",
    kind="loss",
    student=("rainy",),
    images=("rainy", "clean"),
    part=contrast_part,
)
def contrastive(scene: Scene, part: nn.Module) -> Tensor:
    """Pull the estimate to the clean image, away from the rainy one; SAPNet's PCL."""
    return part(_derained(scene, "rainy"), scene.batch.clean, scene.batch.rainy)


@term(
    "contrastive_real",
    kind="loss",
    student=("real",),
    images=("real", "pseudo_clean"),
    part=contrast_part,
)
def contrastive_real(scene: Scene, part: nn.Module) -> Tensor:
    """The same for real rain, with the teacher's estimate in the place of the clean image."""
    return part(_derained(scene, "real"), scene.images("pseudo_clean"), scene.batch.real)


def segmentation_part(
    setup: Setup, *, trunk: str = "efficientnet_lite0", weights: str | None = None
) -> BackgroundSegmentation:
    """Return the frozen segmentation network."""
    return BackgroundSegmentation(load_trunk(trunk, _path(weights), taps=COARSE))


@term("segmentation", kind="loss", student=("rainy", "real"), part=segmentation_part)
def segmentation(scene: Scene, part: nn.Module, *, on: Domain = "synthetic") -> Tensor:
    """Make segments of the estimate certain, without labels; SAPNet's L_seg."""
    return torch.stack([part(images) for images in _estimates(scene, on)]).sum()


def _derained(scene: Scene, view: View) -> Tensor:
    return scene.student(view)[-1].image.float()


def _estimates(scene: Scene, on: Domain) -> list[Tensor]:
    return [_derained(scene, view) for view in DOMAINS[on]]


def _path(weights: str | None) -> Path | None:
    return Path(weights) if weights else None
