"""Which of several runs is better, by how much, and whether that could be chance.

Images differ far more from each other than two networks do on the same image. Runs are therefore
compared image by image, and the mean difference comes with the interval in which the bootstrap
(Efron, Annals of Statistics 1979) finds it when the images are drawn again.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssid.errors import UserError

RESAMPLES = 10_000
LEVEL = 0.95
FEWEST = 8
NOISE = "noise"
TOO_FEW = "too few images"
HEADING = (
    *("set", "metric", "run", "images", "mean ± std", "difference"),
    *(f"{LEVEL:.0%} interval", "verdict", "largest gain", "largest loss"),
)

Measured = dict[str, dict[str, dict[str, float]]]
"""Set → metric → image → value, of one method."""


CAVEAT = (
    "The intervals cover the choice of images, not of the seed: the same parameters with another"
    " seed give another network."
)
"""What a comparison of single runs cannot say."""


class Metric(NamedTuple):
    """How a metric is shown: decimal places, and what a rise and a fall of it are called."""

    digits: int
    rise: str
    fall: str


METRICS = {
    "psnr_y": Metric(2, "better", "worse"),
    "ssim_y": Metric(4, "better", "worse"),
    "lpips": Metric(4, "worse", "better"),
    "niqe": Metric(2, "worse", "better"),
    "sharpness": Metric(3, "sharper", "softer"),
}


class Spread(NamedTuple):
    """Mean and sample standard deviation; a single value has none."""

    mean: float
    std: float | None


class Difference(NamedTuple):
    """Mean paired difference, its bootstrap interval, and what to call it."""

    mean: float
    low: float
    high: float
    verdict: str


def spread(values: Sequence[float]) -> Spread:
    """Return mean and standard deviation of at least one value."""
    array = np.asarray(values, np.float64)
    return Spread(float(array.mean()), float(array.std(ddof=1)) if len(array) > 1 else None)


def bootstrap_interval(
    differences: NDArray[np.float64], resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float]:
    """Return the :data:`LEVEL` percentile interval of the mean of paired differences.

    Repetitions and images are drawn again independently of each other, so that the interval
    covers both the choice of seeds and the choice of images. With a single repetition this is the
    ordinary bootstrap over images. Few repetitions make the interval somewhat too narrow.

    Args:
        differences: S repetitions × N images.
        resamples: number of draws.
        seed: of the draws.
    """
    rows, columns = differences.shape
    rng = np.random.default_rng(seed)
    row_shares = rng.multinomial(rows, np.full(rows, 1 / rows), resamples) / rows
    column_shares = rng.multinomial(columns, np.full(columns, 1 / columns), resamples) / columns
    means = ((row_shares @ differences) * column_shares).sum(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def paired_difference(
    metric: str, candidate: NDArray[np.float64], baseline: NDArray[np.float64]
) -> Difference:
    """Return candidate − baseline; both are S repetitions × N images in the same order.

    The verdict is ``noise`` if the interval contains zero. Below :data:`FEWEST` images there is
    none: the bootstrap cannot see more variety than the images have.
    """
    differences = candidate - baseline
    low, high = bootstrap_interval(differences)
    words = METRICS[metric]
    verdict = words.rise if low > 0 else words.fall if high < 0 else NOISE
    if differences.shape[1] < FEWEST:
        verdict = TOO_FEW
    return Difference(float(differences.mean()), low, high, verdict)


def compare_runs(sources: Sequence[str], method: str, tracking: str) -> list[tuple[str, ...]]:
    """Return a table, heading first, that compares one method of several evaluations.

    Every evaluation after the first is compared with the first, on the images that both have.

    Args:
        sources: images.csv files, folders that hold one, ids of MLflow runs of the stage
            evaluate, or names of DVC experiments.
        method: whose rows to compare: ``student``, ``teacher`` or ``rainy``.
        tracking: where MLflow keeps its records.

    Raises:
        UserError: if a source has no scores of the method, or two have no image in common.
    """
    runs = [read_images(find_images(source, tracking), method) for source in sources]
    table: list[tuple[str, ...]] = []
    for name, metrics in runs[0].items():
        for metric, baseline in metrics.items():
            table.append((name, metric, sources[0], *_values(metric, baseline), *[""] * 5))
            for source, run in zip(sources[1:], runs[1:], strict=True):
                candidate = run.get(name, {}).get(metric, {})
                common = [image for image in candidate if image in baseline]
                if common:
                    cells = _comparison(metric, candidate, baseline, common)
                    table.append((name, metric, source, *cells))
    for source in sources[1:]:
        if all(row[2] != source for row in table):
            raise UserError(f"{source} and {sources[0]} have no scores of the same images.")
    return [HEADING, *table]


def read_images(path: Path, method: str) -> Measured:
    """Return what an images.csv says of one method.

    Raises:
        UserError: if the file is no such table or has no rows of the method.
    """
    measured: Measured = {}
    methods = set()
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        columns = set(reader.fieldnames or ())
        if not {"role", "set", "image", "method", "psnr_y", "niqe"} <= columns:
            raise UserError(f"{path} is no images.csv of an evaluation: its heading differs.")
        for row in reader:
            methods.add(row["method"])
            for metric in METRICS if row["method"] == method else ():
                if row.get(metric):  # evaluations before LPIPS have no such column
                    place = measured.setdefault(f"{row['role']}/{row['set']}", {})
                    place.setdefault(metric, {})[row["image"]] = float(row[metric])
    if not measured:
        known = ", ".join(sorted(methods)) or "none"
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

    client = mlflow.MlflowClient(tracking)
    try:
        run = client.get_run(experiment_run(client, source) or source)
        uri = f"{run.info.artifact_uri}/images.csv"
        return Path(mlflow.artifacts.download_artifacts(uri, tracking_uri=tracking))
    except (MlflowException, OSError) as error:
        raise UserError(
            f"{source!r} is neither an images.csv, nor a folder that holds one, nor the id of an"
            " MLflow run of the stage evaluate, nor a DVC experiment that was evaluated."
            " `mlflow ui` shows the ids, `dvc exp show` the names."
        ) from error


def experiment_run(client: Any, name: str) -> str | None:
    """Return the id of the newest MLflow run that evaluated the DVC experiment ``name``."""
    everywhere = [experiment.experiment_id for experiment in client.search_experiments()]
    quoted = name.replace("'", "")
    runs = client.search_runs(
        everywhere,
        f"tags.dvc_exp_name = '{quoted}' and tags.dvc_stage = 'evaluate'",
        order_by=["attributes.start_time DESC"],
        max_results=1,
    )
    return runs[0].info.run_id if runs else None


def _values(metric: str, values: Mapping[str, float]) -> tuple[str, str]:
    return str(len(values)), show_spread(metric, spread(list(values.values())))


def _comparison(
    metric: str,
    candidate: Mapping[str, float],
    baseline: Mapping[str, float],
    images: Sequence[str],
) -> tuple[str, ...]:
    """Return the cells of one run, from the number of images to the largest loss."""
    ours = np.array([[candidate[image] for image in images]])
    theirs = np.array([[baseline[image] for image in images]])
    by_size = sorted(zip((ours - theirs)[0], images, strict=True))
    gain, loss = by_size[-1], by_size[0]
    if METRICS[metric].rise == "worse":
        gain, loss = loss, gain
    digits = METRICS[metric].digits
    return (
        *_values(metric, {image: candidate[image] for image in images}),
        *show_difference(metric, paired_difference(metric, ours, theirs)),
        *(f"{image} {value:+.{digits}f}" for value, image in (gain, loss)),
    )


def show_spread(metric: str, values: Spread) -> str:
    """Return ``mean ± std`` with the metric's decimal places; of a single value the mean."""
    digits = METRICS[metric].digits
    mean = f"{values.mean:.{digits}f}"
    return mean if values.std is None else f"{mean} ± {values.std:.{digits}f}"


def show_difference(metric: str, difference: Difference) -> tuple[str, str, str]:
    """Return the difference, its interval and the verdict as they stand in tables."""
    mean, low, high = (f"{value:+.{METRICS[metric].digits}f}" for value in difference[:3])
    return mean, f"[{low}, {high}]", difference.verdict
