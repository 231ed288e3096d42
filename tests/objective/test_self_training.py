import math

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn

from ssid.objective.reraining import found_streaks, rerain
from ssid.objective.self_training import ema_update, flip_consensus, pseudo_label_loss


def linear(value):
    layer = nn.Linear(2, 1)
    nn.init.constant_(layer.weight, value)
    nn.init.constant_(layer.bias, value)
    return layer


def test_ema_follows_the_closed_form():
    teacher, student = linear(1.0), linear(1.0)
    values = [3.0, -2.0, 5.0, 0.5]
    for value in values:
        nn.init.constant_(student.weight, value)
        ema_update(teacher, student, decay=0.9)
    steps = len(values)
    weights = [0.1 * 0.9 ** (steps - 1 - i) for i in range(steps)]
    expected = 0.9**steps + sum(w * v for w, v in zip(weights, values, strict=True))
    torch.testing.assert_close(teacher.weight.detach(), torch.full((1, 2), expected))
    torch.testing.assert_close(teacher.bias.detach(), torch.ones(1))
    assert teacher.weight.grad is None
    assert student.weight[0, 0] == 0.5


def test_ema_copies_the_statistics_of_batch_normalisation():
    teacher, student = nn.BatchNorm2d(3), nn.BatchNorm2d(3)
    student(torch.randn(4, 3, 5, 5) + 2)
    ema_update(teacher, student, decay=0.999)
    assert torch.equal(teacher.running_mean, student.running_mean)
    assert teacher.num_batches_tracked == 1


def test_ema_refuses_another_architecture():
    with pytest.raises(ValueError, match="zip"):
        ema_update(nn.Linear(2, 1), nn.Linear(2, 1, bias=False))


def test_derainer_that_commutes_with_mirroring_is_trusted_fully():
    rainy = torch.rand(2, 3, 4, 6)
    label, confidence = flip_consensus(lambda image: 0.5 * image, rainy)
    torch.testing.assert_close(label, 0.5 * rainy)
    assert torch.equal(confidence, torch.ones(2, 1, 4, 6))


def test_confidence_falls_only_where_the_estimates_differ():
    ramp = torch.zeros(1, 3, 1, 4)
    ramp[..., 0] = 0.1  # the left column of whatever the derainer sees

    label, confidence = flip_consensus(lambda image: image + ramp, torch.full((1, 3, 2, 4), 0.5))
    edge = math.exp(-0.05 / 0.02)
    expected = torch.tensor([edge, 1, 1, edge]).expand(1, 1, 2, 4)
    torch.testing.assert_close(confidence, expected)
    torch.testing.assert_close(label[0, 0, 0], torch.tensor([0.55, 0.5, 0.5, 0.55]))


def test_pseudo_labels_are_images_without_gradient():
    teacher = nn.Conv2d(3, 3, 1)
    label, confidence = flip_consensus(teacher, torch.rand(1, 3, 4, 4) * 100)
    assert not label.requires_grad
    assert not confidence.requires_grad
    assert label.min() >= 0
    assert label.max() <= 1


def test_pseudo_label_loss_weighs_each_pixel():
    derained = torch.zeros(1, 3, 1, 2, requires_grad=True)
    label = torch.full((1, 3, 1, 2), 0.4, requires_grad=True)
    confidence = torch.tensor([1.0, 0.5]).reshape(1, 1, 1, 2).requires_grad_()
    loss = pseudo_label_loss(derained, label, confidence)
    torch.testing.assert_close(loss, torch.tensor(0.3))
    loss.backward()
    torch.testing.assert_close(derained.grad[0, 0, 0, 0], 2 * derained.grad[0, 0, 0, 1])
    assert label.grad is None
    assert confidence.grad is None


def test_rerain_without_strength_leaves_the_backgrounds():
    backgrounds, rain = torch.rand(4, 3, 5, 5), torch.rand(4, 3, 5, 5)
    same = rerain(backgrounds, rain, torch.Generator(), strength=(0, 0))
    assert torch.equal(same, backgrounds)


def test_rerain_shuffles_rain_and_keeps_the_order_of_the_backgrounds():
    backgrounds = torch.arange(6.0).reshape(6, 1, 1, 1).expand(6, 3, 2, 2) / 100
    rain = torch.arange(1, 7.0).reshape(6, 1, 1, 1).expand(6, 3, 2, 2) / 10
    generator = torch.Generator().manual_seed(0)
    added = rerain(backgrounds, rain, generator, strength=(1, 1)) - backgrounds
    torch.testing.assert_close(added[:, 0, 0, 0].sort().values, rain[:, 0, 0, 0])
    assert not torch.allclose(added, rain)


def test_rerain_draws_one_strength_per_image_within_the_range():
    backgrounds, rain = torch.zeros(64, 3, 2, 2), torch.full((64, 3, 2, 2), 0.5)
    images = rerain(backgrounds, rain, torch.Generator().manual_seed(0)) / 0.5
    strengths = images.flatten(1)
    assert torch.equal(strengths.amin(1), strengths.amax(1))
    assert 0.5 <= strengths.min() < 0.6
    assert 1.0 < strengths.max() <= 1.1
    again = rerain(backgrounds, rain, torch.Generator().manual_seed(0)) / 0.5
    assert torch.equal(again, images)


@pytest.mark.parametrize("column", [0, 13, 37])
def test_a_streak_is_found_whole_wherever_it_is(column):
    derained, rain = torch.rand(2, 3, 9, 40), torch.zeros(2, 3, 9, 40)
    rain[..., column : column + 3] = 0.25
    torch.testing.assert_close(found_streaks(derained + rain, derained), rain[:, :1])


def test_veils_and_darkened_pixels_are_no_streaks():
    derained = torch.rand(2, 3, 9, 40)
    rain = torch.full_like(derained, 0.2)
    assert found_streaks(derained + rain, derained).abs().max() < 1e-6
    assert not found_streaks(derained, derained + rain).any()
    rain[..., 10:28] += 0.3  # wider than the window
    assert found_streaks(derained + rain, derained).abs().max() < 1e-6


def test_found_streaks_agree_with_the_top_hat_of_another_library():
    rainy, derained = torch.rand(2, 3, 9, 40), torch.rand(2, 3, 9, 40)
    layer = (rainy - derained).clamp(min=0).mean(1).numpy()
    expected = [ndimage.white_tophat(image, size=(1, 7), mode="nearest") for image in layer]
    found = found_streaks(rainy, derained, width=7)[:, 0]
    torch.testing.assert_close(found, torch.tensor(np.array(expected)))
