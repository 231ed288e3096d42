"""Whether photographs look rainy without their clean counterparts: by streaks, over many."""

from collections.abc import Iterable

import numpy as np
from scipy.ndimage import uniform_filter1d

from ssid.pictures import Picture

FEWEST = 5
_USUAL = 0.1
_OF_ONE = 0.6
_LENGTH = 9  # pixels; streaks are longer
_ASYMMETRY = 3.0
_USUAL_ASYMMETRY = 0.02


def look_rainy(pictures: Iterable[Picture]) -> bool:
    """Return whether pictures, H×W×3 each, show streaks in the mean.

    Measured, mean and standard deviation of :func:`streakiness`: clean photographs of BSDS -0.09
    and 0.30; Rain100L 0.63, Rain100H 0.94, Rain800 0.45, SIRR 0.37; of Real-275, whose streaks are
    faint, -0.02. So rain that one sees is noticed in twenty photographs, faint rain is not. Fewer
    than ``FEWEST`` pictures show nothing.
    """
    found = [streakiness(picture) for picture in pictures]
    return len(found) >= FEWEST and bool(np.mean(found) > _USUAL + _OF_ONE / len(found) ** 0.5)


def streakiness(picture: Picture) -> float:
    """Return how much a picture, H×W×3, looks as if streaks fell through it; about -0.1 if none.

    Streaks stand: they raise the gradient across more than along. And they are bright: of its mean
    over short vertical pieces, lines that are brighter than both sides outweigh darker ones.
    """
    gray = picture.mean(axis=2, dtype=np.float32)
    across, along = (np.abs(np.diff(gray, axis=axis)).mean() + 0.01 for axis in (1, 0))
    pieces = uniform_filter1d(gray, _LENGTH, axis=0)
    lines = 2 * pieces[:, 2:-2] - pieces[:, :-4] - pieces[:, 4:]
    deviation = lines.std() + 1e-6
    bright = np.clip(lines - deviation, 0, None).sum()
    dark = np.clip(-lines - deviation, 0, None).sum()
    asymmetry = (bright - dark) / (bright + dark + 1e-6) - _USUAL_ASYMMETRY
    return float(np.log(across / along) + _ASYMMETRY * asymmetry)
