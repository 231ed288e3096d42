"""A picture of what was found of the streaks in a photograph: hits, misses and false alarms."""

import numpy as np
from numpy.typing import NDArray

from ssid.metrics.streaks import LUMA, beside, removed_luma
from ssid.pictures import Picture

SEEN = 8.0
"""Grey levels of luma from which on a change counts."""
HIT, MISSED, FALSE_ALARM = (0, 158, 115), (230, 159, 0), (86, 180, 233)
"""Green, orange and light blue of Okabe and Ito, which the colour-blind can tell apart."""
_DIM = 0.45


def mark_streaks(rainy: Picture, derained: Picture, mask: NDArray[np.bool_]) -> Picture:
    """Return the photograph in dark grey, with what was found and what was not in colour.

    Green: in the mask, and darkened by :data:`SEEN` levels or more. Orange: in the mask, and not.
    Blue: beside the mask, and changed so much in either direction. Close to the mask nothing is
    coloured, as :mod:`ssid.metrics.streaks` counts nothing there.

    Args:
        rainy: photograph, H×W×3 uint8.
        derained: estimate of a network, H×W×3 uint8.
        mask: streaks, H×W, True where rain is.
    """
    removed = removed_luma(rainy, derained)
    grey = (_DIM * (rainy @ LUMA)).astype(np.uint8)
    picture = np.repeat(grey[..., None], 3, axis=2)
    picture[mask & (removed >= SEEN)] = HIT
    picture[mask & (removed < SEEN)] = MISSED
    picture[beside(mask) & (np.abs(removed) >= SEEN)] = FALSE_ALARM
    return picture
