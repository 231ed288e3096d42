"""The rain that was fitted to real sets, as the stage `fit` left it, for the page."""

import base64
import json
from collections.abc import Collection
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from ssid.errors import UserError


class FittedFigure(NamedTuple):
    """A picture of real rain beside the rendered, and how near they are.

    Attributes:
        name: name of the real set.
        uri: the picture as data.
        width: width in pixels.
        height: height in pixels.
        before: distance from the photographs to the wide profile; None where no rain was seen.
        after: to the fitted one.
        photographs: photographs that were looked at.
        without_rain: without rain of these, how many show no rain.
    """

    name: str
    uri: str
    width: int
    height: int
    before: float | None
    after: float | None
    photographs: int
    without_rain: int


def read_fitted(folder: Path, names: Collection[str]) -> list[FittedFigure]:
    """Return the figures of the sets of these names that were fitted.

    Raises:
        UserError: if what the stage `fit` left cannot be understood.
    """
    return [_read(folder / name) for name in sorted(names) if (folder / f"{name}.json").is_file()]


def _read(base: Path) -> FittedFigure:
    try:
        record = json.loads(base.with_suffix(".json").read_text("utf-8"))
        picture = base.with_suffix(".jpg").read_bytes()
        with Image.open(BytesIO(picture)) as image:
            size = image.size
        return FittedFigure(
            base.name,
            f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}",
            *size,
            record.get("distance_wide"),
            record.get("distance_fitted"),
            record["photographs"],
            len(record["without_rain"]),
        )
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{base}.json or .jpg cannot be read: run `dvc repro` again.") from error
