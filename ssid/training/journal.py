"""What a run leaves behind for people: curves, sample panels and its MLflow record."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from ssid.files import atomic_write, named
from ssid.pictures import write_picture
from ssid.tracking import Tracker
from ssid.training.validation import Example


class Journal:
    """Writes metrics to ``metrics.jsonl`` and MLflow, and panels to ``panels/`` and MLflow.

    Args:
        folder: folder of the run.
        tracker: the MLflow run.
        active: flag that says whether this process writes; only the main one does.
        share: function that returns the mean of a tensor over all processes; None where there is
            one.
    """

    def __init__(
        self,
        folder: Path,
        tracker: Tracker,
        active: bool,
        share: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self.curves = folder / "metrics.jsonl"
        self.panels = folder / "panels"
        self.tracker = tracker
        self.active = active
        self.share = share or (lambda means: means)
        self._window: dict[str, list[Tensor]] = {}

    def begin(self, step: int) -> None:
        """Keep what was logged up to ``step``, and drop what a cut run logged after it."""
        if self.active:
            self.panels.mkdir(parents=True, exist_ok=True)
            lines = self.curves.read_text().splitlines() if self.curves.is_file() and step else []
            with atomic_write(self.curves) as partial:
                partial.write_text("".join(f"{line}\n" for line in lines if _step(line) <= step))

    def pending(self) -> dict[str, Tensor]:
        """Return what was collected since the last :meth:`average`, for checkpoints."""
        return {name: torch.stack(values) for name, values in self._window.items()}

    def restore(self, pending: Mapping[str, Tensor]) -> None:
        """Go on with what :meth:`pending` returned."""
        self._window = {name: list(values) for name, values in pending.items()}

    def collect(self, values: Mapping[str, Tensor]) -> None:
        """Remember one step's values until :meth:`average` records their means."""
        for name, value in values.items():
            self._window.setdefault(name, []).append(value.detach())

    def average(self, step: int, rate: float) -> dict[str, float]:
        """Record the means of what was collected, and the learning rate; return the means."""
        stacked = {name: torch.stack(values).mean() for name, values in self._window.items()}
        means = {name: float(self.share(mean)) for name, mean in stacked.items()}
        self._window = {}
        self.record(step, {**means, "lr": rate})
        return means

    def record(self, step: int, metrics: Mapping[str, float]) -> None:
        """Write metrics of one step."""
        if self.active:
            with named(self.curves), self.curves.open("a") as file:
                file.write(json.dumps({"step": step, **dict(sorted(metrics.items()))}) + "\n")
            self.tracker.metrics(metrics, step)

    def show(self, step: int, examples: Sequence[Example]) -> None:
        """Save rainy, derained and clean of each example side by side."""
        if self.active:
            for number, example in enumerate(examples):
                name = f"step-{step:08d}-{number}.png"
                write_picture(self.panels / name, example.panel())
                self.tracker.picture(example.panel(), f"panels/{name}")


def _step(line: str) -> float:
    """Return the step of a line of curves, or infinity if its writing was cut short."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, TypeError, KeyError):
        return math.inf
