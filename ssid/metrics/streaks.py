"""How well a network finds real streaks: what it removed against a mask of where they are.

NIQE does not tell rainy photographs from clean ones. A mask of streaks, such as that of the real
test set of SPA-Data (Wang et al., CVPR 2019), needs no clean photograph and cannot be pleased by
blur.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation
from sklearn.metrics import roc_auc_score

from ssid.pictures import Picture

LUMA = np.array([0.299, 0.587, 0.114])  # BT.601
MARGIN = 3
"""Pixels around the mask that are no background, as masks are tight."""


class StreakScores(NamedTuple):
    """What was removed from one photograph, in and beside its streaks.

    Attributes:
        streak_auc: area under the ROC curve of the removed luma as a detector of masked pixels;
            0.5 is chance, 1 finds every streak before anything else.
        removed_inside: mean luma removed where the mask is, in grey levels.
        changed_outside: mean absolute change of luma further than :data:`MARGIN` pixels from the
            mask, in grey levels; 0 leaves the scene as it is.
    """

    streak_auc: float
    removed_inside: float
    changed_outside: float


def removed_luma(rainy: Picture, derained: Picture) -> NDArray[np.float64]:
    """Return the luma that was removed, H×W, in grey levels; negative where it was added."""
    # The difference first: rounding of two lumas would rank pixels of equal change by chance.
    return np.asarray((rainy.astype(np.int16) - derained) @ LUMA)


def beside(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels, H×W, that lie further than :data:`MARGIN` from the mask."""
    return ~np.asarray(binary_dilation(mask, iterations=MARGIN))


def streak_scores(rainy: Picture, derained: Picture, mask: NDArray[np.bool_]) -> StreakScores:
    """Return how what was removed agrees with a mask of streaks.

    Args:
        rainy: photograph, H×W×3 uint8.
        derained: estimate of the network, H×W×3 uint8.
        mask: streaks, H×W, True where rain is.

    Raises:
        ValueError: if the shapes differ, or the mask is empty or everywhere.
    """
    if rainy.shape != derained.shape or rainy.shape[:2] != mask.shape:
        raise ValueError(f"shapes differ: {rainy.shape}, {derained.shape} and mask {mask.shape}")
    if mask.all() or not mask.any():
        raise ValueError("the mask has no streaks, or nothing else")
    removed, outside = removed_luma(rainy, derained), beside(mask)
    return StreakScores(
        streak_auc=float(roc_auc_score(mask.ravel(), removed.ravel())),
        removed_inside=float(removed[mask].mean()),
        changed_outside=float(np.abs(removed[outside]).mean()) if outside.any() else 0.0,
    )
