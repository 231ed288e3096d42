import numpy as np
import pytest

from ssid.metrics.streaks import streak_scores


@pytest.fixture
def scene():
    """Return a photograph, the same under vertical streaks of 60 grey levels, and their mask."""
    rng = np.random.default_rng(0)
    clean = np.repeat(rng.integers(40, 160, (48, 64, 1)), 3, axis=2).astype(np.uint8)
    mask = np.zeros((48, 64), bool)
    mask[5:30, ::16] = True
    return clean, (clean + 60 * mask[..., None]).astype(np.uint8), mask


def test_a_perfect_removal_finds_every_streak_and_nothing_else(scene):
    clean, rainy, mask = scene
    scores = streak_scores(rainy, clean, mask)
    assert scores.streak_auc == 1
    assert scores.removed_inside == pytest.approx(60)
    assert scores.changed_outside == 0


def test_leaving_the_rain_in_is_chance(scene):
    _, rainy, mask = scene
    assert streak_scores(rainy, rainy, mask).streak_auc == 0.5


def test_darkening_everything_finds_nothing_and_changes_the_scene(scene):
    _, rainy, mask = scene
    scores = streak_scores(rainy, rainy - 10, mask)
    assert scores.streak_auc == pytest.approx(0.5, abs=1e-6)
    assert scores.removed_inside == pytest.approx(10)
    assert scores.changed_outside == pytest.approx(10)


def test_half_of_the_streaks_is_worth_half_of_the_area(scene):
    clean, rainy, mask = scene
    half = rainy.copy()
    half[:, :32] = clean[:, :32]
    assert streak_scores(rainy, half, mask).streak_auc == pytest.approx(0.75)


def test_pixels_close_to_the_mask_do_not_count_as_background(scene):
    clean, rainy, mask = scene
    wide = clean.copy()
    wide[5:30, 1::16] -= 20
    assert streak_scores(rainy, wide, mask).changed_outside == 0


@pytest.mark.parametrize("value", [True, False])
def test_masks_without_both_kinds_are_refused(scene, value):
    clean, rainy, mask = scene
    with pytest.raises(ValueError, match="no streaks, or nothing else"):
        streak_scores(rainy, clean, np.full_like(mask, value))
    with pytest.raises(ValueError, match="shapes differ"):
        streak_scores(rainy, clean[:8], mask)
