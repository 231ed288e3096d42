import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssid.objective.rain_prior import rain_prior_loss, rain_residual, recurrent_rain_prior_loss
from ssid.objective.statistics import aggregate


def naive_loss(student, teacher, divide):
    """Eq. 1 and 2 written as loops over images, rows and columns."""
    images, _, height, width = student.shape
    total = 0.0
    for n in range(images):
        for y in range(height):
            for x in range(width):
                maps = [
                    (float(side[n, :, y, x].sum()) / (side.shape[1] if divide else 1)) ** 2
                    for side in (student, teacher)
                ]
                total += abs(maps[1] - maps[0])
    return total / (images * height * width)


def test_matches_loops_for_different_widths():
    student, teacher = torch.randn(2, 3, 4, 5), torch.randn(2, 6, 4, 5)
    for how in ("sum_sq", "mean_sq"):
        expected = naive_loss(student, teacher, divide=how == "mean_sq")
        assert rain_prior_loss(student, teacher, how).item() == pytest.approx(expected, rel=1e-5)


@given(scale=st.floats(-8, 8), seed=st.integers(0, 2**31))
def test_invariances_of_the_aggregate(scale, seed):
    residual = torch.randn(2, 5, 3, 4, generator=torch.Generator().manual_seed(seed))
    for how in ("sum_sq", "mean_sq"):
        energy = aggregate(residual, how)
        assert (energy >= 0).all()
        torch.testing.assert_close(aggregate(residual[:, torch.randperm(5)], how), energy)
        torch.testing.assert_close(aggregate(-residual, how), energy)
        scaled = aggregate(scale * residual, how)
        torch.testing.assert_close(scaled, scale**2 * energy, rtol=1e-4, atol=1e-5)


def test_what_rainy_and_clean_share_leaves_no_residual():
    rainy, clean, shared = torch.randn(3, 2, 4, 6, 6)
    torch.testing.assert_close(
        rain_residual(rainy + shared, clean + shared), rain_residual(rainy, clean)
    )
    assert rain_residual(rainy, rainy).count_nonzero() == 0


def test_no_rain_costs_nothing_whatever_the_networks():
    student, teacher = torch.randn(1, 4, 6, 6), torch.randn(1, 9, 6, 6)
    loss = rain_prior_loss(rain_residual(student, student), rain_residual(teacher, teacher))
    assert loss == 0


def test_half_precision_maps_are_subtracted_in_float32():
    rainy, clean = torch.rand(2, 1, 4, 6, 6).bfloat16()
    assert torch.equal(rain_residual(rainy, clean), rainy.float() - clean.float())


def test_stronger_rain_of_the_teacher_is_not_cancelled_by_pooling():
    # +1 and −1 side by side average to 0; their energies do not.
    teacher = torch.ones(1, 2, 4, 4)
    teacher[..., ::2] = -1
    assert rain_prior_loss(torch.zeros(1, 2, 2, 2), teacher) == 4


def test_recurrent_loss_sums_over_the_recurrences():
    student, first, second = torch.randn(3, 2, 4, 5, 5)
    single = rain_prior_loss(student, first)
    torch.testing.assert_close(recurrent_rain_prior_loss(student, [first]), single)
    torch.testing.assert_close(recurrent_rain_prior_loss(student, [first] * 3), 3 * single)
    torch.testing.assert_close(
        recurrent_rain_prior_loss(student, [first, second], "mean_sq"),
        rain_prior_loss(student, first, "mean_sq") + rain_prior_loss(student, second, "mean_sq"),
    )
