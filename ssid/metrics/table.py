"""Every metric of the project: how it is computed for one image, called, shown and read."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from torch import Tensor

from ssid.errors import UnknownNameError
from ssid.metrics.fidelity import psnr, ssim
from ssid.metrics.niqe import steady_niqe
from ssid.metrics.sharpness import sharpness
from ssid.pictures import to_picture
from ssid.registry import Registry

MeasureImage = Callable[..., float]
"""Maps an image and its clean one (None where ``paired`` is false) to a number; 3×H×W in [0, 1]."""


@dataclass(frozen=True)
class Metric:
    """A metric.

    Attributes:
        key: name in metrics.json, images.csv and MLflow.
        family: name in params/evaluate.yaml, which may stand for several metrics; empty for what
            is always measured.
        label: name in tables.
        unit: unit with a space before it, or nothing.
        digits: decimal places shown.
        direction: sign: 1 where higher is better, −1 where lower is, 0 where neither is.
        paired: flag: it needs the clean image.
        measure: the function of one image; None where a whole set or a loaded network is needed.
            It raises ``ValueError`` for an image that it has no value for.
        masked: flag: it needs a mask of streaks, see :mod:`ssid.metrics.streaks`.
    """

    key: str
    family: str
    label: str
    unit: str
    digits: int
    direction: Literal[-1, 0, 1]
    paired: bool
    measure: MeasureImage | None = None
    masked: bool = False

    @property
    def rise(self) -> str:
        """Return what a rise of the value is called."""
        return {1: "better", -1: "worse", 0: "higher"}[self.direction]

    @property
    def fall(self) -> str:
        """Return what a fall of the value is called."""
        return {1: "worse", -1: "better", 0: "lower"}[self.direction]

    def gain(self, before: float, after: float) -> float:
        """Return the change, positive where it is for the better, 0 without direction."""
        return self.direction * (after - before)

    def show(self, value: float) -> str:
        """Return ``value`` with its unit."""
        return f"{value:.{self.digits}f}{self.unit}"

    def show_change(self, change: float) -> str:
        """Return a change with its sign."""
        return f"{change:+.{self.digits}f}"


METRICS: Registry[Metric] = Registry("metric")


def _counted(
    metric: Callable[..., Tensor], channel: str, x: Tensor, y: Tensor, counted: Tensor | None = None
) -> float:
    return float(metric(x, y, channel, counted=counted))


def add_metric(metric: Metric) -> Metric:
    """Register a metric under its key."""
    return METRICS.add(metric.key, metric)


def families() -> list[str]:
    """Return what params/evaluate.yaml may choose under ``metrics``."""
    chosen = {m.family for m in METRICS.values() if m.family and m.family != "downstream"}
    return sorted(chosen)


def check_family(name: str) -> str:
    """Return ``name`` if params/evaluate.yaml may choose it.

    Raises:
        ValueError: if it may not.
    """
    if name not in families():
        raise UnknownNameError("metric", name, families())
    return name


PSNR_RGB = add_metric(
    Metric("psnr_rgb", "psnr", "PSNR (RGB)", " dB", 2, 1, True, partial(_counted, psnr, "rgb"))
)
PSNR_Y = add_metric(
    Metric("psnr_y", "psnr", "PSNR (Y)", " dB", 2, 1, True, partial(_counted, psnr, "y"))
)
SSIM_RGB = add_metric(
    Metric("ssim_rgb", "ssim", "SSIM (RGB)", "", 4, 1, True, partial(_counted, ssim, "rgb"))
)
SSIM_Y = add_metric(
    Metric("ssim_y", "ssim", "SSIM (Y)", "", 4, 1, True, partial(_counted, ssim, "y"))
)
LPIPS = add_metric(Metric("lpips", "lpips", "LPIPS", "", 4, -1, True))
STREAK_AUC = add_metric(Metric("streak_auc", "", "AUC of streaks", "", 3, 1, False, masked=True))
REMOVED_INSIDE = add_metric(
    Metric("removed_inside", "", "Removed in streaks", "", 1, 0, False, masked=True)
)
CHANGED_OUTSIDE = add_metric(
    Metric("changed_outside", "", "Changed elsewhere", "", 1, -1, False, masked=True)
)
NIQE = add_metric(
    Metric("niqe", "niqe", "NIQE", "", 2, -1, False, lambda x, _: steady_niqe(to_picture(x)))
)
SHARPNESS = add_metric(
    Metric("sharpness", "", "Sharpness", "", 2, 0, False, lambda x, _: float(sharpness(x)))
)
MPA = add_metric(Metric("mpa", "downstream", "mPA", "", 3, 1, True))
MIOU = add_metric(Metric("miou", "downstream", "mIoU", "", 3, 1, True))
MAP = add_metric(Metric("map", "downstream", "mAP", "", 3, 1, True))
