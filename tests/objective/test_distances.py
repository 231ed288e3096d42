import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.special import softmax
from scipy.stats import entropy, wasserstein_distance

from ssid.objective.distances import DISTANCES

UNPAIRED = [name for name in DISTANCES if name != "code_kl_as_published"]
SHAPES = [
    ((1, 2, 3, 3), (1, 2, 3, 3)),
    ((2, 4, 6, 5), (3, 4, 4, 7)),
    ((1, 8, 1, 1), (2, 8, 9, 2)),
    ((4, 3, 16, 16), (1, 3, 32, 32)),
]


def features(*shape, seed=0, shift=0.0):
    generator = torch.Generator().manual_seed(seed)
    channels = torch.linspace(-1, 1, shape[1]).reshape(1, -1, 1, 1)
    return torch.randn(shape, generator=generator) + shift * channels


def samples(x):
    return x.numpy().transpose(0, 2, 3, 1).reshape(-1, x.shape[1]).astype(np.float64)


def standardised(x, y):
    scale = np.sqrt(y.var(0).mean())
    return (x - y.mean(0)) / scale, (y - y.mean(0)) / scale


def shuffle_positions(x, seed=0):
    generator = torch.Generator().manual_seed(seed)
    flat = x.movedim(1, -1).flatten(0, 2)
    order = torch.randperm(len(flat), generator=generator)
    return flat[order].reshape(x.movedim(1, -1).shape).movedim(-1, 1)


@pytest.mark.parametrize("name", DISTANCES)
@pytest.mark.parametrize("shape", [(1, 2, 3, 3), (2, 6, 5, 4), (1, 3, 40, 40)])
def test_zero_on_identical_batches(name, shape):
    x = features(*shape)
    assert DISTANCES[name](x, x.clone()).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("name", UNPAIRED)
@pytest.mark.parametrize(("student", "target"), SHAPES)
def test_gradient_reaches_the_student_alone(name, student, target):
    x, y = features(*student, shift=1), features(*target, seed=1)
    x.requires_grad_()
    y.requires_grad_()
    value = DISTANCES[name](x, y)
    assert value.shape == ()
    assert value > 0
    value.backward()
    assert y.grad is None
    assert x.grad.isfinite().all()
    assert (x.grad != 0).any()


@pytest.mark.parametrize("name", UNPAIRED)
@given(seed=st.integers(0, 2**31))
def test_order_of_positions_does_not_matter(name, seed):
    # As many positions as no distance thins out: 2·8·8 and 3·5·7.
    x, y = features(2, 4, 8, 8, seed=seed, shift=0.5), features(3, 4, 5, 7, seed=seed + 1)
    expected = DISTANCES[name](x, y)
    torch.testing.assert_close(DISTANCES[name](shuffle_positions(x), y), expected)
    torch.testing.assert_close(DISTANCES[name](x, shuffle_positions(y)), expected)


@pytest.mark.parametrize("name", UNPAIRED)
def test_falls_as_the_student_moves_towards_the_target(name):
    target = features(2, 6, 12, 12, shift=2)
    start = features(3, 6, 8, 8, seed=1) * 0.5
    goal = shuffle_positions(target)[:, :, :8, :8].repeat(2, 1, 1, 1)[:3]
    values = [DISTANCES[name]((1 - t) * start + t * goal, target) for t in (0, 0.25, 0.5, 0.75, 1)]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.2 * values[0]


@pytest.mark.parametrize("name", UNPAIRED)
@pytest.mark.parametrize("scale", [1e-3, 1.0])
def test_gradient_descent_moves_the_student_to_the_target(name, scale):
    target = scale * features(2, 4, 8, 8, shift=2)
    student = (scale * features(3, 4, 6, 6, seed=1)).requires_grad_()
    options = {"temperature": scale} if name == "code_kl" else {}
    optimizer = torch.optim.Adam([student], lr=0.1 * scale)
    start = DISTANCES[name](student, target, **options).item()
    for _ in range(40):
        optimizer.zero_grad()
        value = DISTANCES[name](student, target, **options)
        value.backward()
        optimizer.step()
    assert value < 0.3 * start


@pytest.mark.parametrize("name", ["moments", "mmd", "sliced_wasserstein"])
def test_strength_does_not_depend_on_the_scale_of_the_features(name):
    x, y = features(2, 4, 6, 6, shift=0.5), features(1, 4, 9, 8, seed=1)
    expected = DISTANCES[name](x, y)
    torch.testing.assert_close(DISTANCES[name](1e-3 * x, 1e-3 * y), expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", DISTANCES)
def test_half_precision_features_give_a_float32_distance(name):
    x, y = features(1, 4, 6, 6).bfloat16(), features(1, 4, 6, 6, seed=1).bfloat16()
    value = DISTANCES[name](x, y)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, DISTANCES[name](x.float(), y.float()))


@pytest.mark.parametrize("name", DISTANCES)
def test_equal_calls_give_equal_values_and_leave_the_global_generator_alone(name):
    x, y = features(1, 3, 40, 40), features(1, 3, 40, 40, seed=1)
    state = torch.get_rng_state()
    assert DISTANCES[name](x, y) == DISTANCES[name](x, y)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("name", DISTANCES)
def test_constant_features_give_finite_gradients(name):
    x = torch.zeros(1, 4, 5, 5, requires_grad=True)
    DISTANCES[name](x, torch.zeros(1, 4, 5, 5)).backward()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("name", UNPAIRED)
def test_different_widths_are_refused_with_a_way_out(name):
    with pytest.raises(ValueError, match=r"4 and 5 channels.*own features of synthetic rain"):
        DISTANCES[name](torch.rand(1, 4, 3, 3), torch.rand(1, 5, 3, 3))


def test_code_kl_matches_scipy():
    x, y = features(2, 5, 4, 4, shift=1), features(1, 5, 6, 3, seed=1)
    p, q = (softmax(samples(side) / 0.7, axis=1).mean(0) for side in (x, y))
    value = DISTANCES["code_kl"](x, y, temperature=0.7).item()
    assert value == pytest.approx(entropy(q, p), rel=1e-4)


def test_code_kl_does_not_underflow():
    x, y = torch.zeros(1, 2, 1, 1), torch.zeros(1, 2, 1, 1)
    x[0, 1], y[0, 0] = 200, 200
    assert DISTANCES["code_kl"](x, y).item() == pytest.approx(200)


def test_code_kl_needs_more_than_one_channel():
    with pytest.raises(ValueError, match="at least 2, got 1"):
        DISTANCES["code_kl"](torch.rand(1, 1, 3, 3), torch.rand(1, 1, 3, 3))


def test_published_kl_is_what_the_published_call_computes():
    real, synthetic = features(2, 5, 4, 3), features(2, 5, 4, 3, seed=1)
    real.requires_grad_()
    synthetic.requires_grad_()
    value = DISTANCES["code_kl_as_published"](real, synthetic)
    published = F.kl_div(F.log_softmax(synthetic, 1), F.softmax(real, 1), reduction="sum")
    torch.testing.assert_close(value, published / real.numel())
    value.backward()
    assert (real.grad != 0).any()
    assert (synthetic.grad != 0).any()


def test_published_kl_depends_on_positions_and_the_corrected_does_not():
    x = features(1, 5, 4, 4)
    shuffled = shuffle_positions(x)
    assert DISTANCES["code_kl_as_published"](x, shuffled) > 0.1
    assert DISTANCES["code_kl"](x, shuffled).item() == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match="equal shapes"):
        DISTANCES["code_kl_as_published"](x, x[..., 1:])


def test_moments_match_numpy():
    x, y = features(2, 4, 5, 5, shift=1), 2 * features(1, 4, 6, 7, seed=1)
    a, b = standardised(samples(x), samples(y))
    means = ((a.mean(0) - b.mean(0)) ** 2).mean()
    covariances = ((np.cov(a.T, bias=True) - np.cov(b.T, bias=True)) ** 2).mean()
    assert DISTANCES["moments"](x, y).item() == pytest.approx(means + covariances, rel=1e-4)


def test_moments_see_correlations_that_channel_deviations_miss():
    y = features(1, 2, 30, 30)
    x = y.clone()
    x[:, 1] = x[:, 0]
    assert DISTANCES["moments"](x, y) > 0.3


def test_mmd_matches_numpy():
    x, y = features(2, 4, 5, 5, shift=1), features(1, 4, 6, 7, seed=1)
    a, b = samples(x), samples(y)
    # torch takes the lower of the two middle values.
    median = np.percentile(cdist(a, b, "sqeuclidean"), 50, method="lower")
    ss, tt, cross = (
        np.exp(-cdist(p, q, "sqeuclidean") / (2 * median)).mean()
        for p, q in ((a, a), (b, b), (a, b))
    )
    value = DISTANCES["mmd"](x, y).item()
    assert value == pytest.approx(ss + tt - 2 * cross, rel=1e-3)
    assert value > 0


def test_mmd_sees_a_shape_that_two_moments_miss():
    signs = torch.randn(1, 1, 32, 32).sign()
    y = torch.randn(1, 1, 32, 32)
    x = signs * y.std(correction=0) + y.mean() - signs.mean()
    sides = torch.randn_like(y), x
    normal, two_peaks = (DISTANCES["mmd"](side, y, max_positions=1024) for side in sides)
    assert two_peaks > 5 * normal


@pytest.mark.parametrize("sizes", [(7, 7), (7, 12), (30, 1), (64, 48)])
@pytest.mark.parametrize("projections", [1, 5])
def test_sliced_wasserstein_of_one_channel_matches_scipy(sizes, projections):
    x, y = features(1, 1, sizes[0], 1) + 1, features(1, 1, sizes[1], 2, seed=1)
    expected = wasserstein_distance(x.flatten(), y.flatten()) / y.std(correction=0)
    value = DISTANCES["sliced_wasserstein"](x, y, projections=projections)
    assert value.item() == pytest.approx(expected.item(), rel=1e-5)


def test_sliced_wasserstein_matches_scipy_along_each_direction():
    x, y = features(2, 3, 5, 4, shift=1), features(1, 3, 7, 5, seed=1)
    directions = torch.randn(3, 8, generator=torch.Generator().manual_seed(5)).double().numpy()
    directions /= np.linalg.norm(directions, axis=0)
    a, b = (side @ directions for side in standardised(samples(x), samples(y)))
    expected = np.mean([wasserstein_distance(a[:, i], b[:, i]) for i in range(8)])
    value = DISTANCES["sliced_wasserstein"](x, y, projections=8, seed=5).item()
    assert value == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", ["mmd", "sliced_wasserstein"])
def test_large_maps_cost_no_more_than_the_bound(name):
    x, y = features(4, 3, 24, 24, shift=1), features(2, 3, 24, 24, seed=1)
    x.requires_grad_()
    DISTANCES[name](x, y, max_positions=50).backward()
    touched = (x.grad != 0).any(dim=1).sum()
    assert 0 < touched <= 50
    with torch.no_grad():
        other = DISTANCES[name](x, y, max_positions=50, seed=1)
        whole = DISTANCES[name](x, y, max_positions=10**6)
    assert DISTANCES[name](x, y, max_positions=50) != other
    assert other.item() == pytest.approx(whole.item(), rel=0.5)
