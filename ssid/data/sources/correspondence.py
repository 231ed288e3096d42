"""Whether two pictures can be a rainy one and its target."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import uniform_filter

from ssid.data.images import ImageError
from ssid.pictures import Picture

MIN_CORRELATION = 0.3
MIN_DETAIL = 0.1
_SIZE = (32, 32)
_WINDOW = 5
_SMALL = 128  # pixels; in smaller pictures streaks are as large as the details


def check_same_scene(rainy: Picture, clean: Picture) -> None:
    """Raise ``ImageError`` where two pictures, H×W×3 each, differ in size or in what they show.

    Their luminance is averaged over a grid of 32×32 cells, which leaves little of the rain, and
    correlated. Measured: true pairs of Rain100L, Rain100H and Rain800 reach at least 0.81, 0.47 and
    0.86. A rainy image and a wrong target of the same size stay below the limit of 0.3 in 88 % and
    86 % of the cases on Rain100L and Rain100H, and in 76 % on Rain800, where many photographs are
    alike (their 90th percentile is 0.49). Therefore their details are compared, too, see
    :func:`same_details`: true pairs reach at least 0.58, 0.29 and 0.90, and of the wrong ones 95 %
    stay below 0.07.
    """
    if rainy.shape != clean.shape:
        sizes = [f"{picture.shape[1]}×{picture.shape[0]}" for picture in (rainy, clean)]
        raise ImageError(f"the sizes of the pair differ: rainy {sizes[0]}, clean {sizes[1]}")
    correlation = same_scene(rainy, clean)
    if correlation < MIN_CORRELATION:
        raise ImageError(
            f"the pair does not show one scene: correlation {correlation:.2f}, and at least"
            f" {MIN_CORRELATION} is expected"
        )
    details = same_details(rainy, clean)
    if min(rainy.shape[:2]) >= _SMALL and details < MIN_DETAIL:
        raise ImageError(
            f"the pair does not show one scene: correlation of details {details:.2f}, and at least"
            f" {MIN_DETAIL} is expected"
        )


def same_scene(first: Picture, second: Picture) -> float:
    """Return the correlation of two pictures on the grid of :func:`check_same_scene`, −1 to 1."""
    return _correlation(_grid(first), _grid(second))


def same_details(first: Picture, second: Picture) -> float:
    """Return the correlation of what each cell of the grid differs from its surroundings by.

    Pictures of one kind, such as two roads below the sky, share their coarse parts, not these.
    """
    return _correlation(*(_without_coarse(_grid(picture)) for picture in (first, second)))


def _without_coarse(grid: NDArray[np.float64]) -> NDArray[np.float64]:
    fine: NDArray[np.float64] = grid - uniform_filter(grid, _WINDOW, mode="nearest")
    return fine


def _grid(picture: Picture) -> NDArray[np.float64]:
    gray = Image.fromarray(picture).convert("L").resize(_SIZE, Image.Resampling.BOX)
    return np.asarray(gray, dtype=np.float64)


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return Pearson's correlation, 0 where one of the pictures is flat."""
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm else 0.0
