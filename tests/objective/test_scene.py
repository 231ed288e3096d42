"""One pass of each network per step, cut into the views that terms asked for."""

import pytest
import torch

from ssid.models import Features, Stage
from ssid.objective import TERMS, Setup
from ssid.objective.batch import Batch
from ssid.objective.objective import Objective
from ssid.objective.params import TermParams
from ssid.objective.scene import Scene, Views, run
from support.training_networks import NARROW, PRENET, RRG_8, Counted, build, random_batch


def scene(student, teacher, seen=(), taught=(), looked=(), batch=None):
    views = Views(frozenset(seen), frozenset(taught), frozenset(looked))
    torch.manual_seed(3)
    return Scene(batch or random_batch(), student, teacher, views)


def test_all_terms_together_cost_one_pass_of_each_network():
    student, teacher = Counted(build(PRENET, 1)), Counted(build(PRENET, 2))
    heavy = {"perceptual", "contrastive", "contrastive_real", "segmentation", "lpips"}
    left_out = heavy | {name for name in TERMS if TERMS[name].fits}
    params = {name: TermParams(weight=1) for name in TERMS if name not in left_out}
    objective = Objective(params, Setup(student.network, teacher.network), 3)
    batch = random_batch(pairs=2, real=3)
    values = objective(Scene(batch, student, teacher, objective.views))
    assert len(values) == len(TERMS) - len(left_out)
    looks, rainy, clean, real, pseudo_clean, rerained = 3, 2, 2, 3, 3, 2
    learns = rainy + clean + real + pseudo_clean + rerained + rerained
    assert student.sizes == [looks, learns]  # the first without gradient, for self_rerained
    assert teacher.sizes == [2 + 2 + 3]  # rainy, clean, real


def test_the_teacher_passes_again_only_over_what_it_made_itself():
    teacher = Counted(build(PRENET))
    made = scene(Counted(build(PRENET)), teacher, {"rainy"}, {"rainy", "pseudo_clean"})
    assert teacher.sizes == [4, 2]
    assert not made.teacher("pseudo_clean")[-1].image.requires_grad


@pytest.mark.parametrize("model", [NARROW, PRENET, RRG_8], ids=lambda model: model[0])
def test_views_are_what_a_pass_of_their_own_gives(model):
    student, teacher = build(model, 1), build(model, 2)
    batch = random_batch(pairs=2, real=3)
    made = scene(student.unroll, teacher, {"rainy", "clean", "real"}, {"rainy", "real"}, (), batch)
    asked = [(student, made.student, v) for v in ("rainy", "clean", "real")]
    asked += [(teacher, made.teacher, v) for v in ("rainy", "real")]
    for network, view_of, view in asked:
        expected, found = network.unroll(getattr(batch, view)), view_of(view)
        assert len(found) == len(expected)
        for ours, theirs in zip(found, expected, strict=True):
            torch.testing.assert_close(ours.image, theirs.image, atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(ours.features.map, theirs.features.map, atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(
                ours.features.code, theirs.features.code, atol=1e-5, rtol=1e-4
            )
            assert [t.shape for t in ours.features.levels] == [
                t.shape for t in theirs.features.levels
            ]


def test_pseudo_clean_is_the_clamped_estimate_of_the_teacher():
    teacher, batch = build(PRENET, 2), random_batch()
    bright = Batch(batch.rainy, batch.clean, batch.real * 1.4)
    made = scene(Counted(build(PRENET)), teacher, {"real"}, (), {"pseudo_clean"}, bright)
    estimate = teacher(bright.real)
    assert estimate.max() > 1
    torch.testing.assert_close(made.images("pseudo_clean"), estimate.clamp(0, 1))
    assert not made.images("pseudo_clean").requires_grad


@pytest.mark.parametrize(("pairs", "real"), [(2, 2), (4, 1), (2, 5)])
def test_rerained_is_the_clean_image_under_layers_of_real_rain(pairs, real):
    teacher, batch = build(PRENET, 2), random_batch(pairs=pairs, real=real)
    made = scene(Counted(build(PRENET)), teacher, {"rerained"}, (), (), batch)
    rerained, layers = made.images("rerained"), batch.real - made.images("pseudo_clean")
    assert rerained.shape == batch.clean.shape
    for image, clean in zip(rerained, batch.clean, strict=True):
        free = (image > 0) & (image < 1)
        strengths = [((image - clean) / layer)[free] for layer in layers]
        spreads = [s.quantile(0.9) - s.quantile(0.1) for s in strengths]
        best = min(range(real), key=lambda i: spreads[i])
        assert spreads[best] < 1e-2  # a multiple of one layer ...
        assert 0.5 <= strengths[best].median() <= 1.1  # ... of random strength


def test_without_rain_in_the_real_photographs_reraining_changes_nothing():
    identity = Counted(build(PRENET))
    identity.network.tail.weight.data.zero_()
    identity.network.tail.bias.data.zero_()
    made = scene(Counted(build(PRENET)), identity, {"rerained"})
    assert torch.equal(made.images("rerained"), made.batch.clean)


def lines_removed(images):
    """Stand in for a student that darkens everything and removes a line of two pixels."""
    derained = images - 0.1
    derained[..., 20:22] -= 0.3
    return [Stage(Features(map=images, code=images.mean((2, 3))), derained)]


@pytest.mark.parametrize(("pairs", "real"), [(2, 2), (4, 1), (2, 5)])
def test_self_rerained_is_the_clean_image_under_streaks_that_the_student_found(pairs, real):
    batch = random_batch(pairs=pairs, real=real)
    batch = Batch(batch.rainy, batch.clean / 4, batch.real)
    made = scene(lines_removed, None, {"self_rerained"}, batch=batch)
    added = made.images("self_rerained") - batch.clean
    assert added.shape == batch.clean.shape
    assert added[..., :20].abs().max() < 1e-6  # the veil is not added
    assert added[..., 22:].abs().max() < 1e-6
    strengths = (added[..., 20:22] / 0.3).flatten(1)
    assert 0 <= strengths.min() < strengths.max() <= 2 + 1e-5
    torch.testing.assert_close(strengths.amax(1), strengths.amin(1))


def test_looking_for_streaks_leaves_the_student_its_gradient_under_autocast():
    student, batch = build(PRENET), random_batch()
    with torch.autocast("cpu", torch.bfloat16):
        views = Views(frozenset({"self_rerained"}), frozenset(), frozenset())
        made = Scene(batch, student.unroll, None, views)
    assert not made.images("self_rerained").requires_grad
    made.student("self_rerained")[-1].image.float().square().mean().backward()
    assert all(weight.grad is not None for weight in student.parameters())
    assert student.tail.weight.grad.abs().max() > 0


def test_no_view_costs_no_pass():
    teacher = Counted(build(PRENET))
    made = scene(Counted(build(PRENET)), teacher, {"rainy"})
    assert teacher.sizes == []
    with pytest.raises(LookupError, match="teacher='rainy'"):
        made.teacher("rainy")
    assert run(teacher, {}) == {}
