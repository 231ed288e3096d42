"""Images that hold a rainy picture and its clean target, side by side or one above the other."""

from typing import Literal

import numpy as np

from ssid.data.images import ImageError, check_size
from ssid.pictures import Picture

Order = Literal["clean_rainy", "rainy_clean", "clean_over_rainy", "rainy_over_clean"]
"""What is on the left and on the right, or above and below."""

SWAPPED: dict[Order, Order] = {
    "clean_rainy": "rainy_clean",
    "rainy_clean": "clean_rainy",
    "clean_over_rainy": "rainy_over_clean",
    "rainy_over_clean": "clean_over_rainy",
}


def is_stacked(order: Order) -> bool:
    """Return whether one half is above the other."""
    return "over" in order


def split_halves(picture: Picture, order: Order) -> tuple[Picture, Picture]:
    """Cut a picture H×2W×3, or 2H×W×3, into its (rainy, clean) halves, H×W×3 each.

    Raises:
        ImageError: The width or height is odd, so that the halves cannot be equal; or they are too
            small.
    """
    stacked = is_stacked(order)
    axis = 0 if stacked else 1
    side = picture.shape[axis]
    if side % 2:
        raise ImageError(
            f"two halves one above the other need an even height, and it is {side} pixels high"
            if stacked
            else f"two halves side by side need an even width, and it is {side} pixels wide"
        )
    first, second = np.split(picture, 2, axis)
    check_size(first)
    return (first, second) if order.startswith("rainy") else (second, first)
