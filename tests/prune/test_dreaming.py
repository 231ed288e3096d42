"""Dreams: diversity as defined, gradients where they belong, and collapse told."""

import copy
from itertools import islice

import pytest
import torch
from torch import nn

from ssid.errors import UserError
from ssid.models import create_model
from ssid.prune.dreaming import Dreaming, dream, hooked, orthogonality, penultimate
from ssid.prune.recovery import recover
from tests.prune.conftest import SMALL


def clean(batch=2, side=24):
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand(batch, 3, 4, 4, generator=generator)
    return nn.functional.interpolate(coarse, side, mode="bilinear")


def small():
    return create_model("prenet", **SMALL["prenet"]).eval()


def test_orthogonality_is_0_for_orthogonal_and_1_for_identical_features():
    assert orthogonality(3 * torch.eye(5, 7)).item() == 0
    assert orthogonality(torch.ones(4, 6)).item() == pytest.approx(1)
    features = torch.randn(4, 6)
    assert orthogonality(features) == pytest.approx(orthogonality(7 * features).item())


def test_gradients_reach_the_images_alone():
    teacher = small()
    before = copy.deepcopy(teacher.state_dict())
    steps = list(dream(penultimate(teacher), [clean()], Dreaming(steps=3)))
    assert [now.step for now in steps] == [1, 2, 3]
    assert not torch.equal(steps[0].images, steps[-1].images)
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert all(torch.equal(before[key], tensor) for key, tensor in teacher.state_dict().items())
    assert not steps[-1].images.requires_grad


def test_dreaming_lowers_its_loss_and_diversity_its_term():
    teacher, y = small(), clean(4)

    def last(diversity):
        *_, now = dream(penultimate(teacher), [y], Dreaming(30, diversity=diversity))
        return now

    first = next(dream(penultimate(teacher), [y], Dreaming(30)))
    plain, diverse = last(0.0), last(1.0)
    assert plain.dream < 0.5 * first.dream
    assert diverse.diversity < 0.8 * plain.diversity


class Identity(nn.Module):
    """A teacher that leaves the rain where it is."""

    def forward(self, images):
        return images


def test_the_collapse_to_the_clean_image_is_told():
    last = Identity()
    look = hooked(nn.Sequential(last), last)
    with pytest.raises(UserError, match=r"dreaming collapsed: after 60 steps"):
        list(dream(look, [clean()], Dreaming(60)))


def test_both_views_into_a_network_agree():
    teacher, images = small(), clean()
    with torch.no_grad():
        ours, hook = penultimate(teacher)(images), hooked(teacher, teacher.tail)(images)
    assert all(torch.equal(a, b) for a, b in zip(ours, hook, strict=True))


def test_the_student_learns_from_distillation_alone_while_images_are_dreamed():
    teacher, student = small(), small()
    with torch.no_grad():
        for parameter in student.parameters():
            parameter.mul_(0.5)
    before = copy.deepcopy(teacher.state_dict())
    dreams = (now.images for now in dream(penultimate(teacher), [clean()] * 20, Dreaming(5)))
    course = list(recover(student, teacher, dreams, 60, lr=1e-3))
    assert [step for step, _ in course] == list(range(1, 61))
    assert course[-1].loss < 0.6 * course[0].loss
    assert all(torch.equal(before[key], tensor) for key, tensor in teacher.state_dict().items())


def test_the_same_seed_dreams_the_same():
    teacher = small()
    first, second = (
        [now.images for now in islice(dream(penultimate(teacher), [clean()], Dreaming(4), seed), 4)]
        for seed in (3, 3)
    )
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
