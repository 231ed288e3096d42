"""Links to MLflow's page that show what people compare: the runs by quality, two of them, pictures.

MLflow 3.17 opens an experiment in its view of language models, without runs, whatever the kind that
the experiment's tags tell; the ``workflowType`` of an address changes that. What a shared view of
the table shows is a tag of the experiment, to which an address may refer.
"""

import json
from collections.abc import Sequence, Set
from typing import Any, NamedTuple
from urllib.parse import quote

from ssid.errors import UserError
from ssid.tracking.store import EXPERIMENT, asking, open_client

SHARED = "mlflow.sharedViewState."
PAGE = "http://127.0.0.1:5000"
"""Where `mlflow ui` shows a store that is a file."""
METRICS = ("psnr_y", "ssim_y", "streak_auc", "niqe")
STUDENTS = "tags.stage = 'distill'"


class Links(NamedTuple):
    """Addresses of MLflow's page.

    Attributes:
        table: students, the best on a set first, with their figures and objectives.
        compare: the two best side by side, or nothing if there are fewer.
        best: files and pictures of the best one.
    """

    table: str
    compare: str
    best: str


def share_view(uri: str, place: str) -> Links:
    """Write a view of the students, by their quality on a set, into the store.

    Args:
        uri: address of MLflow's store.
        place: set, ``<role>/<name>`` or the name of a benchmark.

    Raises:
        UserError: if no student was measured on that set, or the store cannot be read.
    """
    with asking(uri):
        return _share_view(uri, place)


def _share_view(uri: str, place: str) -> Links:
    client = open_client(uri)
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    place = place if "/" in place else f"benchmark/{place}"
    students = client.search_runs([experiment], STUDENTS)
    measured = _measured(students)
    metric = _metric(measured, place)
    ascending = metric.endswith("niqe")
    state = {
        "searchFilter": STUDENTS,
        "orderByKey": f"metrics.`{metric}`",
        "orderByAsc": ascending,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": _columns(measured, place),
    }
    key = f"ssid-{place.replace('/', '-')}"
    client.set_experiment_tag(experiment, SHARED + key, json.dumps(state))
    page = uri.rstrip("/") if uri.startswith("http") else PAGE
    ids = _best_first(students, metric, ascending)
    table = f"{page}/#/experiments/{experiment}/runs?viewStateShareKey={quote(key)}"
    return Links(
        f"{table}&workflowType=machine_learning",
        _compare(page, experiment, ids[:2]) if len(ids) > 1 else "",
        f"{page}/#/experiments/{experiment}/runs/{ids[0]}/artifacts",
    )


def _compare(page: str, experiment: str, ids: Sequence[str]) -> str:
    runs, experiments = quote(json.dumps(list(ids))), quote(json.dumps([experiment]))
    return f"{page}/#/compare-runs?runs={runs}&experiments={experiments}"


def _best_first(students: Sequence[Any], metric: str, ascending: bool) -> list[str]:
    """Return the ids of the runs that have the metric."""
    having = [run for run in students if metric in run.data.metrics]
    ordered = sorted(having, key=lambda run: run.data.metrics[metric], reverse=not ascending)
    return [run.info.run_id for run in ordered]


def _measured(students: Sequence[Any]) -> set[str]:
    """Return the metrics ``<role>/<set>/<metric>`` that students have."""
    names = {name for run in students for name in run.data.metrics}
    return {name for name in names if name.split("/")[0] in ("benchmark", "real")}


def _metric(measured: Set[str], place: str) -> str:
    """Return the metric that a set is sorted by: the first of ``METRICS`` that it has."""
    for metric in METRICS:
        if f"{place}/{metric}" in measured:
            return f"{place}/{metric}"
    places = sorted({name.rsplit("/", 1)[0] for name in measured})
    raise UserError(
        f"no student was measured on {place}. "
        + (f"There are: {', '.join(places)}." if places else "Run `dvc repro` first.")
    )


def _columns(measured: Set[str], place: str) -> list[str]:
    """Return the columns of the table, those of the set first."""
    fidelity = {name for name in measured if name.endswith(("/psnr_y", "/streak_auc"))}
    chosen = [f"{place}/{metric}" for metric in METRICS if f"{place}/{metric}" in measured]
    chosen += sorted(fidelity - set(chosen))
    return [f"metrics.`{name}`" for name in chosen] + [
        *("tags.`objective`", "tags.`dvc_exp_name`", "tags.`commit`"),
        *("attributes.`Source`", "attributes.`Duration`"),
    ]
