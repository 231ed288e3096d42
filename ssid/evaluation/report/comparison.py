"""Numbers beside their rainy input: what changed, and whether that is better."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from ssid.evaluation.report.results import RAINY, SetResults
from ssid.evaluation.results import Measures
from ssid.metrics.table import METRICS, PSNR_Y, STREAK_AUC, Metric


def shown_metrics(measured: Collection[str]) -> list[Metric]:
    """Return the columns of a set's tables, of the keys that were measured on it.

    Where clean images are known, the fidelity to them; else what needs none. What needs a mask of
    streaks is shown wherever there is one.
    """
    known = [metric for metric in METRICS.values() if metric.key in measured]
    truth = any(metric.paired for metric in known)
    return [metric for metric in known if metric.masked or metric.paired == truth]


class Cell(NamedTuple):
    """A number of a table: its value, its change against the rainy input, and what that means.

    Attributes:
        value: the number; empty where there is none.
        change: empty in the row of the rainy input.
        verdict: better, worse, or empty.
    """

    value: str = ""
    change: str = ""
    verdict: str = ""


class Table(NamedTuple):
    """Measures by method."""

    columns: Sequence[Metric]
    rows: Mapping[str, Sequence[Cell]]


def show_change(metric: Metric, before: float, after: float) -> str:
    """Return the change with sign and unit; for a metric without direction the share that is kept.

    The minus is typographic.
    """
    if not metric.direction:
        return f"{after / before:.0%}" if before else ""
    return (metric.show_change(after - before) + metric.unit).replace("-", "−")


def compare(metric: Metric, before: float | None, after: float | None) -> Cell:
    """Return the cell of a derained image or set; ``before`` is the rainy input's value."""
    if after is None:
        return Cell()
    if before is None:
        return Cell(metric.show(after))
    change = show_change(metric, before, after)
    gain = metric.gain(before, after)
    verdict = "better" if gain > 0 else "worse" if gain < 0 else ""
    return Cell(metric.show(after), change, verdict)


def tabulate(methods: Mapping[str, Measures]) -> Table:
    """Return the table of one set, or of one image, with the columns that were measured."""
    columns = shown_metrics({key for measures in methods.values() for key in measures})
    rainy = methods.get(RAINY, {})
    rows = {
        method: [
            compare(m, None if method == RAINY else rainy.get(m.key), measures.get(m.key))
            for m in columns
        ]
        for method, measures in methods.items()
    }
    return Table(columns, rows)


def main_metric(results: SetResults) -> Metric | None:
    """Return what a set is judged by: PSNR on Y with truth, else masks of streaks, else nothing.

    NIQE judges no set: it does not tell photographs of real rain from clean ones.
    """
    measured = results.means.get(RAINY, {})
    return next((metric for metric in (PSNR_Y, STREAK_AUC) if metric.key in measured), None)


def gains(results: SetResults, method: str, metric: Metric) -> dict[str, float]:
    """Return by how much ``method`` improves each image on which both can be measured."""
    return {
        image: metric.gain(methods[RAINY][metric.key], methods[method][metric.key])
        for image, methods in results.images.items()
        if metric.key in methods.get(RAINY, {}) and metric.key in methods.get(method, {})
    }
