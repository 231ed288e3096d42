"""What the page says about each data set: pictures, numbers, and the gain of every image."""

from collections.abc import Sequence
from typing import NamedTuple

from ssid.evaluation.report.comparison import (
    Cell,
    Table,
    compare,
    gains,
    main_metric,
    tabulate,
)
from ssid.evaluation.report.experiment import Experiment, describe_kind, has_adapted_to
from ssid.evaluation.report.figures import Chart, draw_chart
from ssid.evaluation.report.pictures import Choice, Panel, choose, embed, files_of
from ssid.evaluation.report.results import RAINY, STUDENT, Results, SetResults
from ssid.metrics.table import NIQE, SHARPNESS, Metric


class Shown(NamedTuple):
    """One image on the page: its place in the set, its pictures and its numbers."""

    choice: Choice
    panel: Panel
    table: Table


class Section(NamedTuple):
    """What the page says about one data set.

    Attributes:
        results: all that was measured.
        kind: words for its rain.
        adapted: flag: the student saw the images in training.
        metric: metric by which the set is judged, or None if it was not measured.
        before: mean of the rainy images in that metric.
        headline: the student's.
        others: cells of the other networks by method.
        kept: share of the sharpness of the rainy images that the student keeps.
        niqe: student's NIQE, which judges nothing; and before that of the rainy images.
        undefined: images without a value of ``metric``.
        table: means by method.
        chart: gain of every image.
        images: the chosen ones.
    """

    results: SetResults
    kind: str
    adapted: bool
    metric: Metric | None
    before: Cell
    headline: Cell
    others: dict[str, Cell]
    kept: Cell
    niqe: tuple[Cell, Cell]
    undefined: int
    table: Table
    chart: Chart | None
    images: Sequence[Shown]


def make_sections(results: Results, experiment: Experiment, pictures: int) -> list[Section]:
    """Return what is shown of each set, with the pictures of all of them embedded."""
    choices = [choose(of_set, pictures) for of_set in results.sets]
    sets = list(zip(results.sets, choices, strict=True))
    files = [files_of(of_set, choice.image) for of_set, chosen in sets for choice in chosen]
    panels = iter(embed(files))
    return [
        _section(of_set, experiment, [_shown(of_set, choice, next(panels)) for choice in chosen])
        for of_set, chosen in sets
    ]


def first_look(sections: Sequence[Section]) -> tuple[Section, Shown] | None:
    """Return the image at the top: a median one, of the rain that the student adapts to."""
    with_pictures = [
        (section, shown)
        for section in sorted(sections, key=_display_order)
        for shown in sorted(section.images, key=lambda shown: shown.choice.place != "median")
        if shown.panel
    ]
    return with_pictures[0] if with_pictures else None


def _display_order(section: Section) -> int:
    """Return 0 for real rain, 1 for stand-ins, 2 for pairs: what the student is for comes first."""
    if section.results.standin:
        return 1
    return 0 if section.results.role == "real" or section.results.masked else 2


def _shown(results: SetResults, choice: Choice, panel: Panel) -> Shown:
    return Shown(choice, panel, tabulate(results.images[choice.image]))


def _section(results: SetResults, experiment: Experiment, images: Sequence[Shown]) -> Section:
    metric = main_metric(results)
    methods = [method for method in results.means if method != RAINY]
    means = {method: _mean(results, method, metric) for method in methods}
    rainy, student = results.means[RAINY], results.means[STUDENT]
    return Section(
        results=results,
        kind=describe_kind(experiment, results),
        adapted=has_adapted_to(experiment, results),
        metric=metric,
        before=_mean(results, RAINY, metric),
        headline=means.pop(STUDENT),
        others=means,
        kept=compare(SHARPNESS, rainy.get(SHARPNESS.key), student.get(SHARPNESS.key)),
        niqe=(_mean(results, RAINY, NIQE), _mean(results, STUDENT, NIQE)),
        undefined=len(results.images) - len(gains(results, STUDENT, metric)) if metric else 0,
        table=tabulate(results.means),
        chart=_draw_gains(results, methods, metric) if metric else None,
        images=images,
    )


def _mean(results: SetResults, method: str, metric: Metric | None) -> Cell:
    if metric is None:
        return Cell()
    before, after = (results.means[m].get(metric.key) for m in (RAINY, method))
    return compare(metric, before, after)


def _draw_gains(results: SetResults, methods: Sequence[str], metric: Metric) -> Chart | None:
    """Draw the gain of every image, each network's from its best to its worst."""
    ordered = {
        method: sorted(gains(results, method, metric).values(), reverse=True) for method in methods
    }
    return draw_chart(
        f"Every image of {results.role}/{results.name}",
        "images, sorted for each network by its gain",
        f"gain in {metric.label}{metric.unit.replace(' ', ', ')}",
        {method: list(enumerate(values, start=1)) for method, values in ordered.items()},
        include=[0.0],
    )
