"""Tell by two pictures of a scene which of them is the rainy one."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from ssid.data.images import ImageError, read_rgb
from ssid.data.sources.correspondence import same_details
from ssid.data.splits import evenly_spaced
from ssid.pictures import Picture

CHECKED_PAIRS = 20
FEWEST_PAIRS = 3
MIN_STRENGTH = 0.15
ALIKE = 0.05
ALIKE_OF_ONE = 0.2
BY_CHANCE = 0.15
_MAX_IDENTICAL = 0.3  # share of pairs whose pictures are equal: no rain was added to those
_FEW = 5
_WINDOW = 7  # pixels; streaks are thinner
_PIXELS = 100_000_000  # of five pairs and more, after which no other is opened
_SIDE = 1024  # pixels of a large picture that are looked at


@dataclass(frozen=True)
class Evidence:
    """What pairs of pictures say about which side of them is rainy.

    Attributes:
        looked: pairs that were opened.
        compared: pairs of one size.
        identical: pairs whose pictures are equal.
        alike: mean correlation of their details, see :func:`same_details`; 0 for other sizes.
        first: pairs to whose first picture rain seems to have been added.
        strength: mean of :func:`rain_added` within [-1, 1]; above 0 where the first is rainy.
    """

    looked: int = 0
    compared: int = 0
    identical: int = 0
    alike: float = 0.0
    first: int = 0
    strength: float = 0.0

    @property
    def are_pairs(self) -> bool:
        """Whether the pairs show one scene each, and few of them the very same picture.

        Of 64 pixels a side below heavy rain, details of true pairs correlate by 0.4 in the mean, in
        5 % of them by less than 0.05; of wrong ones 95 % stay below 0.07, whatever their size, and
        the mean over many is the safer.
        """
        least = ALIKE + ALIKE_OF_ONE / max(self.looked, 1) ** 0.5
        return self.alike >= least and self.identical <= _MAX_IDENTICAL * self.looked

    @property
    def may_be_pairs(self) -> bool:
        """Whether the pairs are more alike than by chance, though not as pairs mostly are."""
        chance = BY_CHANCE / max(self.looked, 1) ** 0.5
        return (
            self.looked >= _FEW
            and self.alike >= chance
            and self.identical <= _MAX_IDENTICAL * self.looked
        )

    @property
    def first_is_rainy(self) -> bool | None:
        """Which side is rainy; None where the pictures do not tell."""
        if self.compared < FEWEST_PAIRS or abs(self.strength) < MIN_STRENGTH:
            return None
        return self.strength > 0

    def __str__(self) -> str:
        count = max(self.first, self.compared - self.first)
        return f"rain adds bright edges in {count} of {self.compared}"


def look(pairs: Iterable[tuple[Path, Path]]) -> Evidence:
    """Open at most ``CHECKED_PAIRS`` pairs of files, evenly spaced, and compare their pictures.

    Measured with 5 pairs of 40 to 96 pixels a side and more, on Rain100L, Rain100H, Rain800 and
    all profiles of rendered rain: in 99.5 % of the draws the side is told rightly, in 0.02 % it is
    told wrongly, and in the others not at all.
    """
    return weigh(_opened(evenly_spaced(list(pairs), CHECKED_PAIRS)))


def weigh(pictures: Iterable[tuple[Picture, Picture]]) -> Evidence:
    """Return what pairs of pictures, H×W×3 each, say."""
    looked = compared = identical = first = 0
    alike = strength = 0.0
    for pair in pictures:
        looked += 1
        if pair[0].shape != pair[1].shape:
            continue
        compared += 1
        equal = np.array_equal(*pair)
        identical += equal
        alike += 1 if equal else same_details(*pair)
        added = rain_added(*pair)
        first += added > 0
        strength += float(np.clip(added, -1, 1))
    return Evidence(
        looked, compared, identical, alike / max(looked, 1), first, strength / max(compared, 1)
    )


def rain_added(first: Picture, second: Picture) -> float:
    """Return how strongly rain seems to have been added to the first of two equal scenes.

    Streaks are thin and brighter than what is behind them: in the difference, without its coarse
    part, large positive values outweigh large negative ones. That holds below a veil and on
    blurred ground, too, where the gradient falls; dense streaks, whose sum is even, raise the
    gradient. So both are added: three times the asymmetry, within [-3, 3], and the logarithm of
    the ratio of the mean gradients. Swapping the pictures changes the sign alone.
    """
    a, b = (_gray(picture) for picture in (first, second))
    return 3 * _asymmetry(_fine(a) - _fine(b)) + float(np.log(_gradient(a) / _gradient(b)))


def _opened(pairs: Iterable[tuple[Path, Path]]) -> Iterable[tuple[Picture, Picture]]:
    """Yield the pairs that can be read; of large pictures, few."""
    found = pixels = 0
    for files in pairs:
        try:
            first, second = (read_rgb(file) for file in files)
        except ImageError:
            continue
        yield first, second
        found += 1
        pixels += first.shape[0] * first.shape[1]
        if found >= _FEW and pixels > _PIXELS:
            return


def _gray(picture: Picture) -> NDArray[np.float32]:
    """Return the mean of the channels of the middle of a picture."""
    top, left = (max(0, (side - _SIDE) // 2) for side in picture.shape[:2])
    return picture[top : top + _SIDE, left : left + _SIDE].mean(axis=2, dtype=np.float32)


def _fine(gray: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a picture without its mean over the neighbourhood of each pixel."""
    fine: NDArray[np.float32] = gray - uniform_filter(gray, _WINDOW, mode="nearest")
    return fine


def _asymmetry(values: NDArray[np.float32]) -> float:
    """Compare what exceeds the standard deviation above and below, within [-1, 1]."""
    deviation = values.std()
    above = np.clip(values - deviation, 0, None).sum()
    below = np.clip(-values - deviation, 0, None).sum()
    return float((above - below) / (above + below + 1e-6))


def _gradient(gray: NDArray[np.float32]) -> float:
    """Return the mean absolute difference of neighbours, above 0."""
    steps = (np.abs(np.diff(gray, axis=axis)).mean() for axis in (0, 1))
    return float(sum(steps)) + 0.01
