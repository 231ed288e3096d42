"""Where evaluations differ most, to be looked at."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ssid.data.images import ImageError, read_rgb
from ssid.errors import UserError
from ssid.evaluation.compare.runs import Comparison
from ssid.evaluation.compare.statistics import show_change
from ssid.evaluation.scores import CLEAN, RAINY
from ssid.pictures import Picture, Row, write_rows

RANKING = ("psnr_y", "streak_auc", "niqe")
"""What gains and losses are told by: the first of them that a set has."""

MAX_BYTES = 5_000_000
"""Of one sheet."""


def write_extremes(comparisons: Sequence[Comparison], method: str, folder: Path) -> list[Path]:
    """Write a sheet for every set, ``<role>-<name>.jpg``, and return their paths.

    It shows, for every run after the first, the images of its largest gain and its largest loss:
    rainy, as the first run derained them, as this run did, and clean where that is known.

    Args:
        comparisons: comparisons of evaluations whose folders hold pictures, the first run's, too.
        method: network whose estimates are shown.
        folder: folder of the sheets; made if it is not there.

    Raises:
        UserError: if an evaluation has no picture of such an image.
    """
    sheets: dict[str, list[Row]] = {}
    for comparison in ranking(comparisons):
        rows = sheets.setdefault(comparison.set, [])
        rows += extremes(comparison, comparisons[0].source, method)
    written = []
    for name, rows in sheets.items():
        path = folder / f"{name.replace('/', '-')}.jpg"
        write_rows(path, rows, MAX_BYTES)
        written.append(path)
    return written


def ranking(comparisons: Sequence[Comparison]) -> Iterator[Comparison]:
    """Yield the comparisons with the first run by which the images of each set are ranked."""
    known = {(comparison.set, comparison.metric) for comparison in comparisons}
    for comparison in comparisons:
        ranking_metric = next((m for m in RANKING if (comparison.set, m) in known), None)
        if comparison.baseline is not None and comparison.metric == ranking_metric:
            yield comparison


def extremes(comparison: Comparison, first: str, method: str) -> Iterator[Row]:
    """Yield the images of the largest gain and of the largest loss, each below what it shows."""
    for what, (image, _) in comparison.extremes().items():
        ours, theirs = (
            folder_of(source, comparison.set, image) for source in (comparison.source, first)
        )
        files = [theirs / f"{RAINY}.png", theirs / f"{method}.png", ours / f"{method}.png"]
        names = [RAINY, first, comparison.source]
        if (theirs / f"{CLEAN}.png").is_file():
            files.append(theirs / f"{CLEAN}.png")
            names.append(CLEAN)
        yield Row(caption(comparison, what, names), [read(file) for file in files])


def caption(comparison: Comparison, what: str, names: Iterable[str]) -> str:
    """Return which image is shown, why, and what its pictures are from left to right."""
    image, change = comparison.extremes()[what]
    amount = f"{comparison.metric} {show_change(comparison.metric, change)}"
    return f"{image}, largest {what}, {amount}: {', '.join(names)}"


def folder_of(source: str, name: str, image: str) -> Path:
    """Return where the evaluation ``source`` keeps its pictures of one image of the set ``name``.

    Raises:
        UserError: if the name of the image leads elsewhere.
    """
    path = Path(source)
    root = (path.parent if path.is_file() else path) / "pictures"
    folder = root / name / image
    if not folder.resolve().is_relative_to(root.resolve()):
        raise UserError(f"images.csv of {source} names {image!r}, which lies outside {root}.")
    return folder


def read(file: Path) -> Picture:
    """Return a picture of an evaluation.

    Raises:
        UserError: if it is not there, or no picture.
    """
    if not file.is_file():
        raise UserError(
            f"there is no picture {file}. --pictures needs the folders of evaluations, with the"
            " pictures that the stage evaluate leaves beside images.csv."
        )
    try:
        return read_rgb(file)
    except ImageError as reason:
        raise UserError(f"{file} cannot be shown: {reason}") from reason
