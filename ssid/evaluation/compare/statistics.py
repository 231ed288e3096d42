"""Whether one run is better than another, by how much, and whether that could be chance.

Images differ far more from each other than two networks do on the same image. Runs are therefore
compared image by image, and the mean difference comes with the interval in which the bootstrap
(Efron, Annals of Statistics 1979) finds it when the images are drawn again.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssid.metrics.table import METRICS

RESAMPLES = 10_000
LEVEL = 0.95
"""Confidence of the intervals."""
FEWEST = 8
"""Fewest images of which a set says anything."""
NOISE = "noise"
TOO_FEW = "too few images"


COMPARED = (
    *("psnr_y", "ssim_y", "lpips", "streak_auc", "removed_inside", "changed_outside"),
    *("niqe", "sharpness"),
)
"""The metrics in which evaluations are compared; those in RGB would say the same twice."""


class Spread(NamedTuple):
    """Mean and sample standard deviation; a single value has none."""

    mean: float
    std: float | None


class Difference(NamedTuple):
    """Mean paired difference, its bootstrap interval, and what to call it."""

    mean: float
    low: float
    high: float
    verdict: str


def spread(values: Sequence[float]) -> Spread:
    """Return mean and standard deviation of at least one value."""
    array = np.asarray(values, np.float64)
    return Spread(float(array.mean()), float(array.std(ddof=1)) if len(array) > 1 else None)


def bootstrap_interval(
    differences: NDArray[np.float64], resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float]:
    """Return the :data:`LEVEL` percentile interval of the mean of paired differences.

    Repetitions and images are drawn again independently of each other, so that the interval
    covers both the choice of seeds and the choice of images. With a single repetition this is the
    ordinary bootstrap over images. Few repetitions make the interval somewhat too narrow.

    Args:
        differences: S repetitions × N images.
        resamples: number of draws.
        seed: seed of the draws.
    """
    rows, columns = differences.shape
    rng = np.random.default_rng(seed)
    row_shares = rng.multinomial(rows, np.full(rows, 1 / rows), resamples) / rows
    column_shares = rng.multinomial(columns, np.full(columns, 1 / columns), resamples) / columns
    means = ((row_shares @ differences) * column_shares).sum(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def paired_difference(
    metric: str, candidate: NDArray[np.float64], baseline: NDArray[np.float64]
) -> Difference:
    """Return candidate − baseline; both are S repetitions × N images in the same order.

    The verdict is ``noise`` if the interval contains zero. Below :data:`FEWEST` images there is
    none: the bootstrap cannot see more variety than the images have.
    """
    differences = candidate - baseline
    low, high = bootstrap_interval(differences)
    words = METRICS[metric]
    verdict = words.rise if low > 0 else words.fall if high < 0 else NOISE
    if differences.shape[1] < FEWEST:
        verdict = TOO_FEW
    return Difference(float(differences.mean()), low, high, verdict)


def show_spread(metric: str, values: Spread) -> str:
    """Return ``mean ± std`` with the metric's decimal places; of a single value the mean."""
    digits = METRICS[metric].digits
    mean = f"{values.mean:.{digits}f}"
    return mean if values.std is None else f"{mean} ± {values.std:.{digits}f}"


def show_change(metric: str, value: float) -> str:
    """Return a difference with its sign and the metric's decimal places."""
    return METRICS[metric].show_change(value)


def show_difference(metric: str, difference: Difference) -> tuple[str, str, str]:
    """Return the difference, its interval and the verdict as they stand in tables."""
    mean, low, high = (show_change(metric, value) for value in difference[:3])
    return mean, f"[{low}, {high}]", difference.verdict
