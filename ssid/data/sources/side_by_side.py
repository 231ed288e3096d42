"""Images that hold a rainy picture and its clean target side by side."""

from typing import Literal

from ssid.data.images import ImageError, check_size
from ssid.pictures import Picture

Order = Literal["clean_rainy", "rainy_clean"]


def split_halves(picture: Picture, order: Order) -> tuple[Picture, Picture]:
    """Cut an H×2W×3 picture into its (rainy, clean) halves, H×W×3 each.

    Raises:
        ImageError: The width is odd, so that the halves cannot be equal; or they are too small.
    """
    width = picture.shape[1]
    if width % 2:
        raise ImageError(
            f"two halves side by side need an even width, and it is {width} pixels wide"
        )
    left, right = picture[:, : width // 2], picture[:, width // 2 :]
    check_size(left)
    return (left, right) if order == "rainy_clean" else (right, left)
