import math

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck

from ssid.objective.segmentation import BackgroundSegmentation, PyramidHead, self_focal_loss


@pytest.fixture(scope="module")
def segmentation(coarse_trunk):
    return BackgroundSegmentation(coarse_trunk)


def random_logits() -> torch.Tensor:
    return 3 * torch.randn(2, 21, 5, 4, generator=torch.Generator().manual_seed(6))


def test_certainty_costs_nothing():
    certain = torch.zeros(1, 21, 3, 3)
    certain[:, 4] = 100
    assert self_focal_loss(certain).item() == 0


def test_indecision_has_the_value_of_the_formula():
    loss = self_focal_loss(torch.zeros(1, 21, 3, 3))
    assert loss.item() == pytest.approx((1 - 1 / 21) ** 2 * math.log(21))


def test_without_focus_it_is_cross_entropy_with_the_own_label():
    logits = random_logits()
    expected = F.cross_entropy(logits, logits.argmax(dim=1))
    torch.testing.assert_close(self_focal_loss(logits, gamma=0), expected)


def test_focus_only_ever_lowers_it():
    values = [self_focal_loss(random_logits(), gamma).item() for gamma in (0, 1, 2, 5)]
    assert values == sorted(values, reverse=True)


def test_gradient_of_the_logits():
    logits = random_logits()[:1, :4].double().requires_grad_()
    assert gradcheck(self_focal_loss, logits)


def test_head_has_the_published_count():
    head = PyramidHead((256, 512, 1024, 2048))
    assert sum(p.numel() for p in head.parameters()) == 4_621_333
    assert head.classify.weight.std().item() == pytest.approx(0.01, rel=0.02)
    assert not any(p.any() for name, p in head.named_parameters() if name.endswith("bias"))


@pytest.mark.parametrize("size", [(64, 64), (37, 53)])
def test_logits_at_a_quarter_of_the_size(segmentation, size):
    logits = segmentation.segment(torch.rand(2, 3, *size))
    assert logits.shape == (2, 21, math.ceil(size[0] / 4), math.ceil(size[1] / 4))


def test_it_is_a_function_of_image_and_seed(segmentation, coarse_trunk, images):
    value = segmentation(images)
    assert torch.equal(segmentation.train()(images), value)
    assert torch.equal(BackgroundSegmentation(coarse_trunk)(images), value)
    assert not torch.equal(BackgroundSegmentation(coarse_trunk, seed=1)(images), value)


def test_pictures_of_a_batch_do_not_meet(segmentation, images):
    together = segmentation.segment(images)
    apart = torch.cat([segmentation.segment(image[None]) for image in images])
    torch.testing.assert_close(together, apart, rtol=1e-4, atol=1e-5)


def test_descent_makes_the_picture_more_certain(segmentation, images):
    before = segmentation(images.requires_grad_())
    (slope,) = torch.autograd.grad(before, images)
    assert segmentation(images - 0.1 * slope / slope.norm()) < before
