"""What those who import this package call; ``ssid`` itself gives these names, loaded when used."""

from pathlib import Path

from ssid import inference
from ssid.data.images import ImageError, read_rgb
from ssid.errors import InvalidValueError, MissingFileError
from ssid.models import Derainer, create_model, list_models, load_model
from ssid.models.weights import PACKAGED
from ssid.pictures import Picture

__all__ = ["create_model", "derain", "list_models", "load_model"]


def derain(picture: Picture | Path | str, model: Derainer | Path | str = PACKAGED) -> Picture:
    """Return a photograph without its rain.

    Args:
        picture: RGB pixels H×W×3 uint8, or the path of an image file.
        model: network, its file, or the size of a student that comes with this package, such as
            ``"small"``; ``"packaged"`` is the default size. Load it once, by :func:`load_model`,
            to derain many photographs.

    Returns:
        RGB pixels H×W×3 uint8 of the same size.

    Raises:
        MissingFileError: if there is no such file.
        InvalidValueError: if the picture cannot be used, and why.

    >>> import numpy as np
    >>> derain(np.zeros((48, 64, 3), np.uint8)).shape
    (48, 64, 3)
    """
    network = model if isinstance(model, Derainer) else load_model(model)
    return inference.derain(network.eval(), _pixels(picture), tile=2048)


def _pixels(picture: Picture | Path | str) -> Picture:
    if isinstance(picture, Path | str):
        if not Path(picture).is_file():
            raise MissingFileError(f"there is no picture {picture}.")
        try:
            return read_rgb(Path(picture))
        except ImageError as reason:
            raise InvalidValueError(f"{picture} cannot be used: {reason}.") from reason
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != "uint8":
        raise InvalidValueError(
            f"the picture is an array {picture.shape} of {picture.dtype}; expected H×W×3 of uint8,"
            " RGB."
        )
    return picture
