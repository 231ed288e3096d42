"""The scores of images as a table, images.csv: one writer and one reader."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ssid.errors import UserError
from ssid.metrics.table import METRICS

PLACE = ("role", "set", "image", "method")

MARKED = "{} streaks"
"""Name of the picture of what a method finds of the streaks in a mask."""

Measures = Mapping[str, float]
"""Values by key of the metric; what was not measured, or is undefined, has no key."""


@dataclass(frozen=True)
class Score:
    """What one method reaches on one image.

    Attributes:
        role: role of the set, benchmark or real.
        set: name of the data set.
        image: name of the image in the set.
        method: ``rainy`` for the input itself, else the name of the network.
        measures: values by key of the metric.
    """

    role: str
    set: str
    image: str
    method: str
    measures: Measures


def write_scores(path: Path, scores: Iterable[Score]) -> None:
    """Write one CSV row per image and method."""
    columns = [m.key for m in METRICS.values() if m.family != "downstream"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow((*PLACE, *columns))
        for score in scores:
            place = score.role, score.set, score.image, score.method
            writer.writerow((*place, *map(score.measures.get, columns)))


def read_scores(path: Path) -> list[Score]:
    """Return what :func:`write_scores` has written, in its order.

    Raises:
        UserError: if the file cannot be read, or is no such table.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} cannot be read: it is not text in UTF-8.") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    columns = set(reader.fieldnames or ())
    if not {*PLACE, "psnr_y", "niqe"} <= columns:
        raise UserError(f"{path} is no images.csv of an evaluation: its heading differs.")
    try:
        return [_score(row) for row in reader]
    except (TypeError, ValueError) as error:
        raise UserError(f"{path}, line {reader.line_num}: {error}.") from error


def _score(row: dict[str, str]) -> Score:
    measures = {key: float(value) for key, value in row.items() if key not in PLACE and value}
    return Score(row["role"], row["set"], row["image"], row["method"], measures)
