"""MLflow itself: how its store is opened, and how each kind of record gets there."""

import fcntl
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ssid.errors import UserError
from ssid.relocation import adopt_artifacts, database
from ssid.tracking.origin import flatten
from ssid.tracking.spool import Event, Origin

EXPERIMENT = "ssid"
SPOOL = "ssid_spool"
"""Tag by which a run is found again whose creator was killed before it could note the id."""
CHUNK = 1000
"""Metrics that MLflow takes at a time."""
TIMEOUTS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",  # by default 7, with pauses of minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # by default 120 s
    "MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT": "60",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


class Run(NamedTuple):
    """A run in MLflow: the client, its id, and the folder with the files of its records."""

    client: Any
    id: str
    files: Path


@contextmanager
def asking(uri: str) -> Iterator[None]:
    """Turn whatever MLflow says where its store cannot be read into one message.

    MLflow's own waiting would take minutes, for servers and for databases: nothing is tried again.
    No store is made where there is none.

    Raises:
        UserError: if there is no store at ``uri``, or it cannot be opened or asked; says why, and
            what to do.
    """
    _prepare()
    if (file := database(uri)) is not None and not file.exists():
        raise UserError(
            f"there is no store of MLflow at {file}. Run `dvc repro` first, or set"
            " MLFLOW_TRACKING_URI to the store that has the runs."
        )
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # of MLflow, its database, its server, or a package for either
        raise UserError(
            f"MLflow's store {uri} cannot be read: {reason_of(error)}. The store is that of"
            " MLFLOW_TRACKING_URI, or mlflow.db in this folder: start its server, correct the"
            " address, or, where another version of MLflow wrote it, `mlflow db upgrade URI`."
        ) from error


def reason_of(error: Exception) -> str:
    """Return the first line of what an error says; those of databases go on with their queries."""
    return (str(error).strip() or repr(error)).splitlines()[0][:600].rstrip(".")


def open_client(uri: str) -> Any:
    """Return MLflow's client for the store at ``uri``, which is created if it is a new file.

    Only one process at a time creates the tables of an SQLite store: two of them spoil it.
    """
    _prepare()
    import mlflow

    with _alone(uri):
        adopt_artifacts(uri)
        client = mlflow.MlflowClient(uri)
        if client.get_experiment_by_name(EXPERIMENT) is None:
            client.create_experiment(EXPERIMENT)
    return client


def _prepare() -> None:
    """Import MLflow, with its patience and its words bounded."""
    for name, value in TIMEOUTS.items():
        os.environ.setdefault(name, value)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from mlflow.store.db import utils  # MLflow takes seconds to import, and sets its level of words

    utils.MAX_RETRY_COUNT = 0  # by default 10, with pauses of 100 s in all, for databases
    logging.getLogger("mlflow").setLevel(logging.ERROR)  # it tells of each table that it creates


def open_run(client: Any, origin: Origin, name: str, run_id: str | None) -> str:
    """Return the id of the run of the spool ``name``, which is created unless it exists."""
    if run_id is not None and run_exists(client, run_id):
        return run_id
    known = newest_run(client, {SPOOL: name})
    if known is not None:
        return known
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    tags = {**origin.tags, SPOOL: name}
    run = client.create_run(experiment, origin.started, tags, run_name=origin.stage)
    return str(run.info.run_id)


def send(run: Run, events: Sequence[Event]) -> None:
    """Send records of one kind to MLflow; sending them once more changes nothing there."""
    SENDERS[events[0]["kind"]](run, events)


def newest_run(client: Any, tags: Mapping[str, str]) -> str | None:
    """Return the id of the newest run of ssid that has all these tags, or None.

    Args:
        client: MLflow's.
        tags: tags by name; a value with a quotation mark is of no run, as MLflow cannot ask for it.
    """
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None or any("'" in value for value in tags.values()):
        return None
    conditions = " and ".join(f"tags.{name} = '{value}'" for name, value in tags.items())
    runs = client.search_runs(
        [experiment.experiment_id],
        conditions,
        order_by=["attributes.start_time DESC"],
        max_results=1,
    )
    return runs[0].info.run_id if runs else None


def tag_values(client: Any, tags: Mapping[str, str], name: str) -> list[str]:
    """Return the values of the tag ``name`` among runs of ssid that have ``tags``, newest first."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return []
    conditions = " and ".join(f"tags.{tag} = '{value}'" for tag, value in tags.items())
    newest = ["attributes.start_time DESC"]
    runs = client.search_runs([experiment.experiment_id], conditions, order_by=newest)
    return list(dict.fromkeys(run.data.tags[name] for run in runs if name in run.data.tags))


def run_exists(client: Any, run_id: str) -> bool:
    """Return whether there is a run of this id."""
    from mlflow.exceptions import MlflowException

    try:
        return bool(client.get_run(run_id).info.lifecycle_stage == "active")
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return False
        raise


def _send_params(run: Run, events: Sequence[Event]) -> None:
    from mlflow.entities import Param

    for event in events:
        entities = [Param(name, str(value)[:6000]) for name, value in flatten(event["value"])]
        for first in range(0, len(entities), 100):
            run.client.log_batch(run.id, params=entities[first : first + 100])
        run.client.log_dict(run.id, event["value"], "params.json")


def _send_tags(run: Run, events: Sequence[Event]) -> None:
    for event in events:
        for name, value in event["value"].items():
            run.client.set_tag(run.id, name, value)


def _send_inputs(run: Run, events: Sequence[Event]) -> None:
    from mlflow.entities import Dataset, DatasetInput

    for event in events:
        sets = [
            DatasetInput(Dataset(name, digest[:36], "ssid", f'{{"path": "{name}"}}'))
            for name, digest in event["value"].items()
        ]
        run.client.log_inputs(run.id, datasets=sets)


def _send_metrics(run: Run, events: Sequence[Event]) -> None:
    from mlflow.entities import Metric

    # The times are those of the records, so that MLflow knows a row that it has.
    rows = [
        Metric(name, value, event["time"], event["step"])
        for event in events
        for name, value in event["value"].items()
    ]
    for first in range(0, len(rows), CHUNK):
        run.client.log_batch(run.id, metrics=rows[first : first + CHUNK])


def _send_file(run: Run, events: Sequence[Event]) -> None:
    for event in events:
        path = _inside(run.files, event["name"])
        folder = Path(event["name"]).parent.as_posix()
        run.client.log_artifact(run.id, str(path), None if folder == "." else folder)


def _inside(folder: Path, name: str) -> Path:
    """Return a file of a spool; no record can name another one, which would be sent."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError(f"{name!r} is not among the files of this run")
    return path


def _send_link(run: Run, events: Sequence[Event]) -> None:
    """Tag a run with the id of the one that made something."""
    for event in events:
        found = newest_run(run.client, event["by"])
        run.client.set_tag(run.id, event["tag"], found or "unknown")


def _send_metrics_of(run: Run, events: Sequence[Event]) -> None:
    """Record metrics on the run that made something, if MLflow knows it."""
    for event in events:
        found = newest_run(run.client, event["by"])
        if found:
            _send_metrics(run._replace(id=found), [event])


def _send_status(run: Run, events: Sequence[Event]) -> None:
    event = events[-1]
    if event["value"] == "RUNNING":
        run.client.update_run(run.id, "RUNNING")
    else:
        run.client.set_terminated(run.id, event["value"], event["time"])


def _send_model(run: Run, events: Sequence[Event]) -> None:
    """Store a network and its signature with the run, unless it has one; nothing is pickled."""
    outputs = run.client.get_run(run.id).outputs
    if outputs is None or not outputs.model_outputs:
        for event in events:
            _log_network(run, *(_inside(run.files, event[key]) for key in ("name", "example")))


def _log_network(run: Run, file: Path, example_file: Path) -> None:
    """Store a network that takes any batch, height and width: float32 N×3×H×W, RGB in [0, 1].

    MLflow refuses arrays of float64 (``astype("float32")``); JSON is converted.
    """
    import mlflow
    from mlflow.types import Schema, TensorSpec

    from ssid.export.program import Program, strided_weights
    from ssid.models import load_model

    free = Schema([TensorSpec(np.dtype("float32"), (-1, 3, -1, -1))])
    requirements = [f"{name}=={version(name)}" for name in ("torch", "numpy")]
    mlflow.set_tracking_uri(run.client.tracking_uri)
    with strided_weights(), mlflow.start_run(run_id=run.id, nested=True):
        mlflow.pytorch.log_model(
            Program(load_model(file)).eval(),
            name="model",
            signature=mlflow.models.ModelSignature(inputs=free, outputs=free),
            input_example=np.load(example_file, allow_pickle=False),
            pip_requirements=requirements,
        )


SENDERS: Mapping[str, Callable[[Run, Sequence[Event]], None]] = {
    "params": _send_params,
    "tags": _send_tags,
    "inputs": _send_inputs,
    "metrics": _send_metrics,
    "file": _send_file,
    "link": _send_link,
    "metrics_of": _send_metrics_of,
    "model": _send_model,
    "status": _send_status,
}


@contextmanager
def _alone(uri: str) -> Iterator[None]:
    """Keep other processes of ssid from opening an SQLite store at the same time."""
    path = uri.removeprefix("sqlite:///")
    if path == uri or not os.access(Path(path).parent, os.W_OK):
        yield
        return
    with Path(f"{path}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
