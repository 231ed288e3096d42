"""What a table's finished runs say: means over seeds, differences to the baseline, Markdown."""

import os
import platform
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.runs import Outcome
from ssid.evaluation.compare.runs import Measured
from ssid.evaluation.compare.statistics import (
    Difference,
    Spread,
    paired_difference,
    show_difference,
    show_spread,
    spread,
)

LIBRARIES = ("ssid", "torch", "torchvision", "timm", "numpy")
RAINY = "rainy input"


class Row(NamedTuple):
    """One method on one set, by one metric.

    Attributes:
        variant: name of the row.
        set: ``<role>/<name>``.
        metric: name of the metric.
        runs: the mean over images of each seed.
        spread: mean and standard deviation of ``runs``.
        difference: to the baseline of the same seeds, or None where there is none.
    """

    variant: str
    set: str
    metric: str
    runs: list[float]
    spread: Spread
    difference: Difference | None


class Kept(NamedTuple):
    """What an earlier table says of variants that were not measured again.

    Attributes:
        runs: their runs, as :func:`report` writes them, each with its commit.
        rows: their rows.
    """

    runs: list[dict[str, Any]]
    rows: list[Row]


def kept_of(
    earlier: Mapping[str, Any], settings: Mapping[str, Sequence[Outcome]], folders: Collection[str]
) -> dict[str, Kept]:
    """Return what is kept of an earlier table, by setting.

    Args:
        earlier: what :func:`report` has returned before, with its commit.
        settings: what is measured now.
        folders: names of the folders of runs with the parameters of now: others are left out.
    """
    kept = {}
    for name, outcomes in settings.items():
        known = earlier.get("settings", {}).get(name, {"runs": [], "rows": []})
        measured = {outcome.run.variant for outcome in outcomes}
        other = {run["variant"] for run in known["runs"] if run["folder"] not in folders}
        runs = [
            {"commit": earlier["commit"]} | run
            for run in known["runs"]
            if run["variant"] not in measured | other
        ]
        variants = {run["variant"] for run in runs} | ({RAINY} if runs and not outcomes else set())
        rows = [_row_of(row) for row in known["rows"] if row["variant"] in variants]
        kept[name] = Kept(runs, rows)
    return kept


def rows_of(outcomes: Sequence[Outcome], baseline: str) -> list[Row]:
    """Return the rows of one setting: the input, the teachers, and every variant.

    Variants other than ``baseline`` are compared with it, over the seeds that both have.
    """
    runs: dict[str, dict[int, Measured]] = {}
    students = set()
    for outcome in outcomes:
        runs.setdefault(RAINY, {0: outcome.rainy})
        runs.setdefault(outcome.run.variant, {})[outcome.run.params.seed] = outcome.derained
        if outcome.run.method == "student":
            students.add(outcome.run.variant)
    reference = runs.get(baseline, {})
    return [
        _row(variant, place, metric, seeds, reference if variant in students - {baseline} else {})
        for variant, seeds in runs.items()
        for place, metrics in next(iter(seeds.values())).items()
        for metric in metrics
    ]


def _row(
    variant: str,
    place: str,
    metric: str,
    seeds: Mapping[int, Measured],
    reference: Mapping[int, Measured],
) -> Row:
    means = matrix(seeds.values(), place, metric).mean(axis=1).tolist()
    common = [seed for seed in seeds if seed in reference]
    difference = None
    if common:
        ours = matrix((seeds[seed] for seed in common), place, metric)
        theirs = matrix((reference[seed] for seed in common), place, metric)
        difference = paired_difference(metric, ours, theirs)
    return Row(variant, place, metric, means, spread(means), difference)


def matrix(runs: Iterable[Measured], place: str, metric: str) -> NDArray[np.float64]:
    """Return one metric as seeds × images."""
    return np.array([list(run[place][metric].values()) for run in runs])


def report(
    title: str,
    settings: Mapping[str, Sequence[Outcome]],
    kept: Mapping[str, Kept],
    rows: Mapping[str, Sequence[Row]],
) -> dict[str, Any]:
    """Return a table as JSON: every run, every row."""
    return {
        "title": title,
        "hardware": hardware(),
        "versions": {name: version(name) for name in LIBRARIES},
        "settings": {
            name: {
                "runs": [_run_record(outcome) for outcome in outcomes] + kept[name].runs,
                "rows": [_row_record(row) for row in rows[name]],
            }
            for name, outcomes in settings.items()
            if rows[name]
        },
    }


def markdown(rows: Iterable[Row]) -> str:
    """Return the rows as Markdown; differences are to the baseline, with their interval."""
    lines = [
        "| set | metric | method | seeds | mean ± std | difference | 95 % interval | verdict |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in sorted(rows, key=lambda row: (row.set, row.metric)):
        shown = show_difference(row.metric, row.difference) if row.difference else ("", "", "")
        cells = (row.set, row.metric, row.variant, str(len(row.runs)))
        lines.append(f"| {' | '.join((*cells, show_spread(row.metric, row.spread), *shown))} |")
    return "\n".join(lines)


def hardware() -> str:
    """Return the GPU, or the number of cores and threads, that this process computes with."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    cores, threads = len(os.sched_getaffinity(0)), torch.get_num_threads()
    return f"{cores} cores of {platform.machine()}, {threads} thread(s)"


def _run_record(outcome: Outcome) -> dict[str, Any]:
    params = outcome.run.params
    return {
        "variant": outcome.run.variant,
        "seed": params.seed,
        "steps": params.steps,
        "images_per_step": params.batch.pairs + params.batch.real,
        "folder": outcome.folder,
        "gradient_share": outcome.gradient_share,
        "validation_psnr": outcome.validation,
    }


def _row_record(row: Row) -> dict[str, Any]:
    record = row._asdict() | {"spread": row.spread._asdict()}
    return record | {"difference": row.difference._asdict() if row.difference else None}


def _row_of(record: Mapping[str, Any]) -> Row:
    """Return the row that :func:`_row_record` has written."""
    difference = Difference(**record["difference"]) if record["difference"] else None
    return Row(**{**record, "spread": Spread(**record["spread"]), "difference": difference})
