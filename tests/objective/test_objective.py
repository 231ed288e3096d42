"""The weighted sum of terms, and each term's share of the gradient."""

from copy import deepcopy
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ssid.config.load import parse_params
from ssid.errors import UserError
from ssid.objective import Setup
from ssid.objective.objective import DEAD_SHARE, Objective, dead_terms, gradient_shares
from ssid.objective.params import TermParams
from ssid.training.params import TrainingParams, check_objective
from support.training_networks import NARROW, PRENET, RRG_8, build, random_batch, scene_for

AS_PUBLISHED = """
model: {name: ssid_kd, options: {widths: [4, 4, 12], units: [1, 1, 1]}}
init: teacher
steps: 8
batch: {pairs: 2, real: 2, patch: 32}
optimizer: {lr: 1e-4}
objective:
  l1: {weight: 20}
  dark_channel: {weight: 1e-6, as_published: true, on: both, window: 32}
  total_variation: {weight: 1e-6, as_published: true, on: both}
  code_self_alignment: {weight: 1e-6, distance: code_kl_as_published}
validate_every: 4
checkpoint_every: 4
log_every: 4
probe_every: 4
"""


@pytest.fixture(scope="module")
def published() -> TrainingParams:
    """Return the objective of SSID-KD's student stage, as its code has it."""
    path = Path("student.yaml")
    params = parse_params(AS_PUBLISHED, path, TrainingParams)
    check_objective(params, path)
    return params


def evaluate(params, student, teacher=None, batch=None):
    batch = batch or random_batch()
    objective = Objective(params, Setup(student, teacher), len(batch.real))
    return objective(scene_for(objective, student, teacher, batch))


def manual_norm(value, student):
    student.zero_grad()
    value.backward(retain_graph=True)
    gradients = [p.grad.flatten() for p in student.parameters() if p.grad is not None]
    return torch.cat(gradients).norm().item()


def test_the_published_objective_of_ssid_kd_from_yaml(published):
    student, batch = build(NARROW), random_batch()
    values = evaluate(published.objective, student, batch=batch)

    synthetic, real = student.unroll(batch.rainy)[0], student.unroll(batch.real)[0]
    dark = variation = 0.0
    for image in (synthetic.image, real.image):
        darkest = F.max_pool2d((1 - (image + 1) / 2).amax(1, keepdim=True), 32, 1, 16)
        dark -= darkest.sum()
        framed = F.pad(image, (1, 0, 1, 0))
        variation += framed[..., 1:, :].diff(dim=-1).abs().sum()
        variation += framed[..., :, 1:].diff(dim=-2).abs().sum()
    z_r, z_s = real.features.code, synthetic.features.code
    kl = F.kl_div(F.log_softmax(z_s, 1), F.softmax(z_r, 1), reduction="none").mean()
    expected = {
        "l1": 20 * (synthetic.image - batch.clean).abs().mean(),
        "dark_channel": 1e-6 * dark,
        "total_variation": 1e-6 * variation,
        "code_self_alignment": 1e-6 * kl,
    }
    assert values.keys() == expected.keys()
    for name, value in expected.items():
        assert values[name].item() == pytest.approx(value.item(), rel=1e-3, abs=1e-13), name


def test_its_distillation_term_is_dead(published):
    student = build(NARROW)
    values = evaluate(published.objective, student)
    shares = gradient_shares(values, list(student.parameters()))
    assert shares["code_self_alignment"] < DEAD_SHARE
    assert dead_terms(shares) == ["code_self_alignment"]


def test_the_corrected_distillation_term_is_alive_and_leaves_the_teacher_alone():
    teacher = build(NARROW)
    student, before = deepcopy(teacher), deepcopy(teacher.state_dict())
    params = {"l1": TermParams(weight=20), "code_alignment": TermParams(weight=1)}
    objective = Objective(params, Setup(student, teacher), 2)
    optimizer = torch.optim.Adam(student.parameters(), 1e-4)
    for _ in range(10):
        values = objective(scene_for(objective, student, teacher))
        shares = gradient_shares(values, list(student.parameters()))
        assert 1e-3 < shares["code_alignment"] / shares["l1"] < 1
        sum(values.values()).backward()
        optimizer.step()
        optimizer.zero_grad()
    assert all(p.grad is None for p in teacher.parameters())
    assert all(torch.equal(t, before[n]) for n, t in teacher.state_dict().items())
    assert not any(torch.equal(t, before[n]) for n, t in student.state_dict().items())


def test_shares_agree_with_gradients_by_hand():
    student = build(PRENET)
    params = {
        "l1": TermParams(weight=2),
        "mse": TermParams(weight=0.5),
        "ssim": TermParams(weight=1),
    }
    values = evaluate(params, student)
    shares = gradient_shares(values, list(student.parameters()))
    norms = {name: manual_norm(value, student) for name, value in values.items()}
    assert sum(shares.values()) == pytest.approx(1)
    for name, share in shares.items():
        assert share == pytest.approx(norms[name] / sum(norms.values()), rel=1e-5)


def test_measuring_shares_leaves_no_gradient_behind():
    student = build(PRENET)
    values = evaluate({"l1": TermParams(weight=1)}, student)
    gradient_shares(values, list(student.parameters()))
    assert all(p.grad is None for p in student.parameters())
    values["l1"].backward()  # the graph is still there


def test_a_term_without_any_gradient_has_no_share():
    weight = nn.Parameter(torch.ones(3))
    constant, elsewhere = torch.tensor(1.0), nn.Parameter(torch.ones(1)).sum()
    values = {"live": weight.sum(), "constant": constant, "elsewhere": elsewhere}
    shares = gradient_shares(values, [weight])
    assert shares == {"live": 1.0, "constant": 0.0, "elsewhere": 0.0}
    assert dead_terms(shares) == ["constant", "elsewhere"]
    assert gradient_shares({"constant": constant}, [weight]) == {"constant": 0.0}


def test_weights_multiply_values():
    student, teacher = build(PRENET, 1), build(RRG_8, 2)
    for name in ("l1", "rain_prior", "code_self_alignment"):
        [single] = evaluate({name: TermParams(weight=1)}, student, teacher).values()
        [triple] = evaluate({name: TermParams(weight=3)}, student, teacher).values()
        assert triple.item() == pytest.approx(3 * single.item(), rel=1e-5)


def test_an_objective_without_weight_is_refused():
    with pytest.raises(UserError, match="no term with a weight above 0"):
        Objective({"l1": TermParams(weight=0)}, Setup(build(PRENET), None), 0)


def test_bfloat16_does_not_reach_the_loss():
    student, teacher = build(PRENET, 1), build(PRENET, 2)
    params = {name: TermParams(weight=1) for name in ("l1", "ssim", "rain_prior", "rerained")}
    objective = Objective(params, Setup(student, teacher), 2)
    with torch.autocast("cpu", torch.bfloat16):
        scene = scene_for(objective, student, teacher)
    assert scene.student("rainy")[-1].features.map.dtype == torch.bfloat16
    for value in objective(scene).values():
        assert value.dtype == torch.float32
        assert value.isfinite()
