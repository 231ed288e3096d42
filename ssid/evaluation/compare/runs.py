"""Evaluations beside each other, image by image."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ssid.errors import UserError, nearest
from ssid.evaluation.compare.statistics import (
    COMPARED,
    LEVEL,
    paired_difference,
    show_change,
    show_difference,
    show_spread,
    spread,
)
from ssid.evaluation.results import read_scores
from ssid.metrics.table import METRICS
from ssid.relocation import adopt_artifacts
from ssid.tracking import asking, newest_run, run_exists, tag_values

HEADING = (
    *("set", "metric", "run", "images", "mean ± std", "difference"),
    *(f"{LEVEL:.0%} interval", "verdict", "largest gain", "largest loss"),
)

EVALUATED = {"dvc_stage": "evaluate"}
SHOWN = 10
"""Experiments that are named where a name is none of them, at most."""

Measured = dict[str, dict[str, dict[str, float]]]
"""Set → metric → image → value, of one method."""

CAVEAT = (
    "The intervals cover the choice of images, not of the seed: the same parameters with another"
    " seed give another network."
)
"""What a comparison of single runs cannot say."""


class Comparison(NamedTuple):
    """One metric of one run on one set, beside the first run.

    Attributes:
        set: ``<role>/<name>``.
        metric: one of :data:`COMPARED`.
        source: the run, as it was named.
        values: values by image; of the images that the first run has, too.
        baseline: the first run's values of the same images; None for the first run itself.
    """

    set: str
    metric: str
    source: str
    values: Mapping[str, float]
    baseline: Mapping[str, float] | None

    def extremes(self) -> dict[str, tuple[str, float]]:
        """Return the image of the largest ``gain`` and ``loss``, each with its difference."""
        baseline = self.baseline or {}
        sign = METRICS[self.metric].direction or 1
        changes = ((image, value - baseline[image]) for image, value in self.values.items())
        ranked = sorted(changes, key=lambda change: (sign * change[1], change[0]))
        return {"gain": ranked[-1], "loss": ranked[0]}

    def cells(self) -> tuple[str, ...]:
        """Return a row of the table."""
        metric = self.metric
        known = spread(list(self.values.values()))
        head = (self.set, metric, self.source, str(len(self.values)), show_spread(metric, known))
        if self.baseline is None:
            return (*head, *[""] * 5)
        ours = np.array([list(self.values.values())])
        theirs = np.array([[self.baseline[image] for image in self.values]])
        extremes = (
            f"{image} {show_change(metric, change)}" for image, change in self.extremes().values()
        )
        return (*head, *show_difference(metric, paired_difference(metric, ours, theirs)), *extremes)


def compare_runs(sources: Sequence[str], method: str, tracking: str) -> list[Comparison]:
    """Return every metric of every set of several evaluations, each beside that of the first.

    Args:
        sources: images.csv files, folders that hold one, ids of MLflow runs of the stage
            evaluate, or names of DVC experiments.
        method: whose scores to compare: ``student``, ``teacher`` or ``rainy``.
        tracking: address of MLflow's store.

    Raises:
        UserError: if a source has no scores of the method, or none of an image of the first.
    """
    runs = [read_images(find_images(source, tracking), method) for source in sources]
    compared = [
        comparison
        for name, metrics in runs[0].items()
        for metric, baseline in metrics.items()
        for comparison in _beside(name, metric, baseline, sources, runs)
    ]
    known = {comparison.source for comparison in compared}
    for source in sources:
        if source not in known:
            raise UserError(f"{source} and {sources[0]} have no scores of the same images.")
    return compared


def table_of(comparisons: Sequence[Comparison]) -> list[tuple[str, ...]]:
    """Return the rows of a table of comparisons, heading first."""
    return [HEADING, *(comparison.cells() for comparison in comparisons)]


def read_images(path: Path, method: str) -> Measured:
    """Return what an images.csv says of one method.

    Raises:
        UserError: if the file is no such table or has no rows of the method.
    """
    measured: Measured = {}
    scores = read_scores(path)
    for score in scores:
        for metric in COMPARED if score.method == method else ():
            if metric in score.measures:
                place = measured.setdefault(f"{score.role}/{score.set}", {})
                place.setdefault(metric, {})[score.image] = score.measures[metric]
    if not measured:
        known = ", ".join(sorted({score.method for score in scores})) or "none"
        raise UserError(f"{path} has no scores of {method!r}. Its methods: {known}.")
    return measured


def find_images(source: str, tracking: str) -> Path:
    """Return the images.csv that a path, an MLflow run or a DVC experiment stands for.

    Raises:
        UserError: if it stands for none.
    """
    path = Path(source)
    path = path / "images.csv" if path.is_dir() else path
    if path.is_file():
        return path
    import mlflow  # takes seconds to import
    from mlflow.exceptions import MlflowException

    try:
        with asking(tracking):
            adopt_artifacts(tracking)
            run = _find_run(mlflow.MlflowClient(tracking), source)
    except UserError as error:
        raise UserError(
            f"{source!r} is neither an images.csv nor a folder that holds one; as a run, {error}"
        ) from error
    uri = f"{run.info.artifact_uri}/images.csv"
    try:
        return Path(mlflow.artifacts.download_artifacts(uri, tracking_uri=tracking))
    except (MlflowException, OSError) as error:
        raise UserError(
            f"the run {source} is known, but its file {uri} is not there: it is no run of the stage"
            " evaluate, or its files lie on another machine or disk. Copy them there, or compare"
            " folders that hold an images.csv."
        ) from error


def _find_run(client: Any, source: str) -> Any:
    """Return MLflow's run of an id, or the newest evaluation of a DVC experiment."""
    found = source if run_exists(client, source) else None
    found = found or newest_run(client, {"dvc_exp_name": source, **EVALUATED})
    if found is None:
        names = tag_values(client, EVALUATED, "dvc_exp_name")
        raise UserError(
            "it is neither the id of an MLflow run of the stage evaluate, nor a DVC experiment that"
            f" was evaluated.{nearest(source, names)} Evaluated, the newest first:"
            f" {', '.join(names[:SHOWN]) or 'none'}. `mlflow ui` shows the ids, `dvc exp show` the"
            " names."
        )
    return client.get_run(found)


def _beside(
    name: str,
    metric: str,
    baseline: Mapping[str, float],
    sources: Sequence[str],
    runs: Sequence[Measured],
) -> Iterator[Comparison]:
    """Yield the runs that share images with the first, which comes first."""
    yield Comparison(name, metric, sources[0], baseline, None)
    for source, run in zip(sources[1:], runs[1:], strict=True):
        candidate = run.get(name, {}).get(metric, {})
        common = {image: value for image, value in candidate.items() if image in baseline}
        if common:
            yield Comparison(name, metric, source, common, baseline)
