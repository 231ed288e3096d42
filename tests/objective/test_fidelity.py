import pytest
import torch
import torch.nn.functional as F
from skimage.metrics import structural_similarity
from torch import Tensor
from torch.autograd import gradcheck

from ssid.objective.fidelity import ssim

BORDERS = ("valid", "zero")


@pytest.mark.parametrize(("border", "value"), [("valid", 0.983609), ("zero", 0.979650)])
def test_known_value_of_flat_pictures(border, value):
    estimate, target = (torch.full((1, 3, 64, 64), level).double() for level in (0.5, 0.6))
    assert ssim(estimate, target, border).item() == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("size", [(11, 11), (37, 53), (64, 64)])
def test_agrees_with_scikit_image(size):
    estimate, target = torch.rand(2, 1, 3, *size, generator=torch.Generator().manual_seed(1))
    expected = structural_similarity(
        estimate[0].double().numpy(),
        target[0].double().numpy(),
        data_range=1,
        channel_axis=0,
        gaussian_weights=True,
        use_sample_covariance=False,
    )
    assert ssim(estimate, target).item() == pytest.approx(expected, abs=2e-6)


def test_zero_border_means_five_black_pixels_around(images):
    shifted = images.flip(-1)
    around = [F.pad(batch, (5, 5, 5, 5)) for batch in (images, shifted)]
    torch.testing.assert_close(ssim(images, shifted, "zero"), ssim(*around))


@pytest.mark.parametrize("border", BORDERS)
def test_identical_pictures_give_one_and_no_gradient(images, border):
    estimate = images.clone().requires_grad_()
    similarity = ssim(estimate, images, border)
    similarity.backward()
    assert similarity.item() == pytest.approx(1, abs=1e-6)
    assert estimate.grad.abs().max() < 1e-6


@pytest.mark.parametrize("border", BORDERS)
def test_gradient_is_that_of_the_value(border):
    estimate, target = torch.rand(
        2, 1, 2, 13, 12, generator=torch.Generator().manual_seed(2)
    ).double()
    assert gradcheck(lambda x: ssim(x, target, border), estimate.requires_grad_())


def test_gradient_reaches_the_estimate_only(images):
    estimate, target = images.clone().requires_grad_(), images.flip(-1).requires_grad_()
    ssim(estimate, target).backward()
    assert estimate.grad.abs().sum() > 0
    assert target.grad is None


def smooth(images: Tensor) -> Tensor:
    """Pictures whose variances are far below their squares, where bfloat16 has nothing left."""
    return 0.7 + 0.05 * images


def test_autocast_does_not_touch_the_value(images):
    estimate, target = smooth(images), smooth(images.flip(-1))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = ssim(estimate, target)
    assert inside.item() == ssim(estimate, target).item()
    in_bfloat16 = ssim(estimate.bfloat16(), target=target.bfloat16())
    assert in_bfloat16.dtype == torch.float32
    rounded = ssim(estimate.bfloat16().float(), target.bfloat16().float())
    assert in_bfloat16.item() == rounded.item()


def test_descent_recovers_the_target(images):
    estimate = torch.full_like(images, 0.5, requires_grad=True)
    optimizer = torch.optim.Adam([estimate], lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        loss = 1 - ssim(estimate, images)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("level", [0.0, 0.3, 0.5, 0.8])
def test_float32_does_not_drown_in_its_rounding_on_flat_pictures(border, level):
    """Without removing the level first, the error is 1e-4 where pictures are flat."""
    estimate, target = torch.full((1, 3, 32, 32), level), torch.full((1, 3, 32, 32), level + 0.1)
    exact = ssim(estimate.double(), target.double(), border)
    assert ssim(estimate, target, border).item() == pytest.approx(exact.item(), abs=5e-6)
