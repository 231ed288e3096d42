"""Which pictures the page shows, chosen by rule, and how they are put into it."""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from ssid.errors import UserError
from ssid.evaluation.report.comparison import gains, main_metric
from ssid.evaluation.report.results import AGAIN, CLEAN, RAINY, STUDENT, SetResults
from ssid.evaluation.results import MARKED

MAX_BYTES = 10_500_000
"""Of all pictures together; base64 adds a third, so that the page stays below 15 MB."""


class Encoding(NamedTuple):
    """Longest width and height in pixels, and the quality of WebP (0 to 100)."""

    width: int
    height: int
    quality: int


ENCODINGS = (Encoding(700, 900, 82), Encoding(560, 720, 70), Encoding(400, 520, 55))
"""From best to smallest: the first with which all pictures fit is used, or else the last."""


class Choice(NamedTuple):
    """An image that is shown, and its place among the images of its set: best, median, worst."""

    image: str
    place: str


class PanelPicture(NamedTuple):
    """One method's picture of an image, with its size in pixels."""

    method: str
    uri: str
    width: int
    height: int


Panel = Sequence[PanelPicture]
"""The pictures of one image: rainy first, then the student's; empty where files are missing."""


def choose(results: SetResults, count: int) -> list[Choice]:
    """Return ``count`` images of a set, from best to worst by the student's gain.

    The worst is always among them, then the best, the median and what lies evenly between. Where
    nothing ranks the images, those that are evenly spaced in the set.
    """
    metric = main_metric(results)
    gained = gains(results, STUDENT, metric) if metric else {}
    ranked = sorted(gained, key=lambda image: -gained[image]) or list(results.images)
    ranks = sorted(spread_ranks(len(ranked), count))
    return [Choice(ranked[r], place(r, len(ranked)) if gained else "unranked") for r in ranks]


def spread_ranks(total: int, count: int) -> list[int]:
    """Return at most ``count`` of ``total`` ranks: last, first, middle, quarters, eighths."""
    halvings = [
        odd / 2**level
        for level in range(1, total.bit_length() + 1)
        for odd in range(1, 2**level, 2)
    ]
    ranks = dict.fromkeys(round(share * (total - 1)) for share in (1, 0, *halvings) if total)
    return list(ranks)[:count]


def place(rank: int, total: int) -> str:
    """Return what people call rank ``rank``, from 0, of ``total``."""
    if total == 1:
        return "the only image"
    named = {total - 1: "worst", 0: "best"}
    if total > 2:
        named.setdefault(round(0.5 * (total - 1)), "median")
    return named.get(rank, f"rank {rank + 1} of {total}")


def embed(panels: Sequence[Mapping[str, Path]]) -> list[Panel]:
    """Return the pictures of all panels, as large and as good as all of them together may be.

    Args:
        panels: files of each panel by method, see :func:`files_of`.
    """
    embedded: list[Panel] = []
    for encoding in ENCODINGS:
        embedded = [[_encode(*item, encoding) for item in panel.items()] for panel in panels]
        if sum(len(layer.uri) for layers in embedded for layer in layers) <= MAX_BYTES * 4 / 3:
            break
    return embedded


def files_of(results: SetResults, image: str) -> dict[str, Path]:
    """Return the pictures of an image by method; nothing if the two to compare are not there.

    Raises:
        UserError: if the name of the image leads out of the folder of its set.
    """
    folder = results.pictures / image
    if not folder.resolve().is_relative_to(results.pictures.resolve()):
        raise UserError(
            f"images.csv names the image {image!r}, which lies outside {results.pictures}. {AGAIN}"
        )
    others = (m for m in results.means if m not in (RAINY, STUDENT))
    files = _existing(folder, (RAINY, STUDENT, MARKED.format(STUDENT), *others, CLEAN))
    return files if {RAINY, STUDENT} <= files.keys() else {}


def _existing(folder: Path, methods: Iterable[str]) -> dict[str, Path]:
    files = {method: folder / f"{method}.png" for method in methods}
    return {method: file for method, file in files.items() if file.is_file()}


def _encode(method: str, file: Path, encoding: Encoding) -> PanelPicture:
    with Image.open(file) as image:
        picture = image.convert("RGB")
    picture.thumbnail((encoding.width, encoding.height), Image.Resampling.LANCZOS)
    memory = io.BytesIO()
    picture.save(memory, "WEBP", quality=encoding.quality)
    data = base64.b64encode(memory.getvalue()).decode()
    return PanelPicture(method, f"data:image/webp;base64,{data}", *picture.size)
