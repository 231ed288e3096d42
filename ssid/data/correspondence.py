"""Whether two pictures can be a rainy one and its target."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ssid.data.images import Picture, Refused

MIN_CORRELATION = 0.3
_SIZE = (32, 32)


def check_same_scene(rainy: Picture, clean: Picture) -> None:
    """Raise ``Refused`` where two pictures, H×W×3 each, differ in size or in what they show.

    Their luminance is averaged over a grid of 32×32 cells, which leaves little of the rain, and
    correlated. Over Rain100L/H and Rain800 pairs reach 0.47 or more, the lowest in heavy rain; two
    photographs taken at random stay below 0.3 in nine of ten cases or more.
    """
    if rainy.shape != clean.shape:
        sizes = [f"{picture.shape[1]}×{picture.shape[0]}" for picture in (rainy, clean)]
        raise Refused(f"the sizes of the pair differ: rainy {sizes[0]}, clean {sizes[1]}")
    correlation = _correlation(_grid(rainy), _grid(clean))
    if correlation < MIN_CORRELATION:
        raise Refused(
            f"the pair does not show one scene: correlation {correlation:.2f}, and at least"
            f" {MIN_CORRELATION} is expected"
        )


def _grid(picture: Picture) -> NDArray[np.float64]:
    gray = Image.fromarray(picture).convert("L").resize(_SIZE, Image.Resampling.BOX)
    return np.asarray(gray, dtype=np.float64)


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return Pearson's correlation, 0 where one of the pictures is flat."""
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm else 0.0
