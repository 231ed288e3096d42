"""Numbers beside their rainy input: what changed, and whether that is better."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ssid.evaluation.report.results import RAINY, Measures, SetResults


class Metric(NamedTuple):
    """How a metric is shown and read.

    Attributes:
        key: its name in the evaluation.
        label: its name on the page.
        unit: with a space before it, or nothing.
        digits: shown after the point.
        better: 1 where higher is better, −1 where lower is, 0 where neither is.
    """

    key: str
    label: str
    unit: str
    digits: int
    better: int

    def gain(self, before: float, after: float) -> float:
        """Return the change, positive where it is for the better."""
        return self.better * (after - before)

    def show(self, value: float) -> str:
        """Return ``value`` with its unit."""
        return f"{value:.{self.digits}f}{self.unit}"

    def show_change(self, before: float, after: float) -> str:
        """Return the change with its sign; for a metric without direction the share that is kept.

        The minus is typographic.
        """
        if not self.better:
            return f"{after / before:.0%}" if before else ""
        return f"{after - before:+.{self.digits}f}{self.unit}".replace("-", "−")


PSNR_RGB = Metric("psnr_rgb", "PSNR (RGB)", " dB", 2, 1)
PSNR_Y = Metric("psnr_y", "PSNR (Y)", " dB", 2, 1)
SSIM_RGB = Metric("ssim_rgb", "SSIM (RGB)", "", 4, 1)
SSIM_Y = Metric("ssim_y", "SSIM (Y)", "", 4, 1)
LPIPS = Metric("lpips", "LPIPS", "", 3, -1)
MPA = Metric("mpa", "mPA", "", 3, 1)
MIOU = Metric("miou", "mIoU", "", 3, 1)
MAP = Metric("map", "mAP", "", 3, 1)
NIQE = Metric("niqe", "NIQE", "", 2, -1)
SHARPNESS = Metric("sharpness", "Sharpness", "", 1, 0)

COLUMNS = {
    "benchmark": (PSNR_RGB, PSNR_Y, SSIM_RGB, SSIM_Y, LPIPS, MPA, MIOU, MAP),
    "real": (NIQE, SHARPNESS),
}


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


def compare(metric: Metric, before: float | None, after: float | None) -> Cell:
    """Return the cell of a derained image or set; ``before`` is the rainy input's value."""
    if after is None:
        return Cell()
    if before is None:
        return Cell(metric.show(after))
    change = metric.show_change(before, after)
    gain = metric.gain(before, after)
    verdict = "better" if gain > 0 else "worse" if gain < 0 else ""
    return Cell(metric.show(after), change, verdict)


def tabulate(role: str, methods: Mapping[str, Measures]) -> Table:
    """Return the table of one set, or of one image, with the columns that were measured."""
    columns = [
        metric
        for metric in COLUMNS[role]
        if any(metric.key in measures for measures in methods.values())
    ]
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
    """Return what a set is judged by: PSNR on Y where there is truth, else NIQE, else nothing."""
    measured = results.means.get(RAINY, {})
    return next((metric for metric in (PSNR_Y, NIQE) if metric.key in measured), None)


def gains(results: SetResults, method: str, metric: Metric) -> dict[str, float]:
    """Return by how much ``method`` improves each image on which both can be measured."""
    return {
        image: metric.gain(methods[RAINY][metric.key], methods[method][metric.key])
        for image, methods in results.images.items()
        if metric.key in methods.get(RAINY, {}) and metric.key in methods.get(method, {})
    }
