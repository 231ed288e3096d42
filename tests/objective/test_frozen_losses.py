"""What holds for every loss that owns a trained network."""

import pytest
import torch

from ssid.models.trunks import Frozen
from ssid.objective.contrastive import PerceptualContrast
from ssid.objective.lpips import LearnedPerceptualSimilarity
from ssid.objective.perceptual import PerceptualLoss
from ssid.objective.segmentation import BackgroundSegmentation

# How many constant batches follow the estimate.
REFERENCES = {"perceptual": 1, "similarity": 1, "contrast": 2, "segmentation": 0}


@pytest.fixture(params=REFERENCES)
def loss_and_references(request, trunk, coarse_trunk):
    builders = {
        "perceptual": lambda: PerceptualLoss(trunk),
        "similarity": lambda: LearnedPerceptualSimilarity("squeeze_random"),
        "contrast": lambda: PerceptualContrast(trunk),
        "segmentation": lambda: BackgroundSegmentation(coarse_trunk),
    }
    # A generator of their own: they must not be the images, whose seed is another.
    generator = torch.Generator().manual_seed(1)
    count = REFERENCES[request.param]
    pictures = [torch.rand(2, 3, 48, 48, generator=generator) for _ in range(count)]
    return builders[request.param](), pictures


def test_gradient_reaches_the_estimate_only(loss_and_references, images):
    loss, references = loss_and_references
    for tensor in (images, *references):
        tensor.requires_grad_()
    loss(images, *references).backward()
    assert (images.grad.flatten(1).norm(dim=1) > 0).all()
    assert all(tensor.grad is None for tensor in references)
    held = [module.network for module in loss.modules() if isinstance(module, Frozen)]
    assert held
    assert all(p.grad is None for network in held for p in network.parameters())


def test_no_optimizer_and_no_checkpoint_sees_the_network(loss_and_references):
    loss, _ = loss_and_references
    assert list(loss.parameters()) == []
    assert loss.state_dict() == {}


def test_autocast_and_bfloat16_are_harmless(loss_and_references, images):
    loss, references = loss_and_references
    outside = loss(images, *references)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = loss(images, *references)
        coarse = loss(images.bfloat16(), *(tensor.bfloat16() for tensor in references))
    assert torch.equal(inside, outside)
    assert coarse.dtype == torch.float32
    torch.testing.assert_close(coarse, outside, rtol=0.05, atol=0.01)
