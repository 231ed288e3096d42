"""Keep the veil: give an estimate back the brightness that was removed everywhere around.

A network that has learnt that rain brightens takes veil-like brightness of the scene itself, such
as haze, sky or a wet street, for rain. Streaks are thin: of the light removed around a pixel, a low
percentile is what was removed between them.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter, percentile_filter

from ssid.inference.pictures import Levels

SCALE = 16
"""Pixels over which brightness counts as veil; streaks are thinner."""
SHARE = 40
"""Percentile of the light removed within :data:`SCALE` pixels that is given back."""
STEP = 4
"""Every so many pixels the percentile is taken; it varies slowly."""
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # BT.601


def keep_veil(rainy: Levels, derained: Levels) -> Levels:
    """Return the estimate with the large-scale luma of the photograph.

    Where rain covers more than :data:`SHARE` percent of a neighbourhood, a part of the rain is
    given back as well: this is for light rain and for photographs that an estimate darkens.

    Args:
        rainy: photograph, H×W×3, uint8, uint16, or float32 in [0, 1].
        derained: estimate of a network, of the same shape and type.

    Returns:
        Same shape and type; grey where the estimate is grey.
    """
    removed = (rainy.astype(np.float32) - derained) @ LUMA
    kept = derained + _between_streaks(removed)[..., None]
    if not np.issubdtype(derained.dtype, np.integer):
        return kept.clip(0, 1).astype(derained.dtype)
    return np.rint(kept).clip(0, np.iinfo(derained.dtype).max).astype(derained.dtype)


def _between_streaks(removed: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the low percentile of what was removed around each pixel, H×W, smooth."""
    coarse = percentile_filter(removed[::STEP, ::STEP], SHARE, size=2 * SCALE // STEP + 1)
    smooth = gaussian_filter(coarse, SCALE / STEP / 2)
    height, width = removed.shape
    return np.asarray(Image.fromarray(smooth).resize((width, height), Image.Resampling.BICUBIC))
