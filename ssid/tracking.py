"""MLflow as a witness, never as a gatekeeper: if it fails, training goes on and says so once."""

import logging
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from time import time
from typing import Any

import numpy as np

from ssid.relocation import adopt_artifacts

EXPERIMENT = "ssid"
LIBRARIES = ("ssid", "torch", "torchvision", "accelerate", "datasets", "mlflow", "numpy", "pillow")

log = logging.getLogger(__name__)


def store() -> str:
    """Return where MLflow keeps its records: a file of this folder, or MLFLOW_TRACKING_URI."""
    return os.environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlflow.db"


class Tracker:
    """One MLflow run. Metrics that cannot be sent are kept and sent later.

    Args:
        uri: where MLflow keeps its records; None tracks nothing.
        stage: name of the run: pretrain, distill, prune or evaluate.
        run_id: an unfinished run to go on with.
    """

    def __init__(self, uri: str | None, stage: str, run_id: str | None = None) -> None:
        self.run_id: str | None = None
        self._spool: list[tuple[str, float, int, int]] = []
        self._warned = False
        self._client: Any = None
        if uri is not None:
            self._try(lambda: self._open(uri, stage, run_id))

    def params(self, params: Mapping[str, Any]) -> None:
        """Record nested parameters under dotted names, and once more as one JSON file."""
        if self.run_id is None:
            return
        from mlflow.entities import Param

        entities = [Param(name, str(value)[:6000]) for name, value in flatten(params)]
        for first in range(0, len(entities), 100):
            chunk = entities[first : first + 100]
            self._call("log_batch", params=chunk)
        self._call("log_dict", dict(params), "params.json")

    def tags(self, tags: Mapping[str, str]) -> None:
        """Record tags, which people filter runs by."""
        for name, value in tags.items():
            self._call("set_tag", name, value)

    def inputs(self, digests: Mapping[str, str]) -> None:
        """Record data sets, name → digest, as inputs of the run."""
        if self.run_id is None:
            return
        from mlflow.entities import Dataset, DatasetInput

        sets = [
            DatasetInput(Dataset(name, digest[:36], "ssid", f'{{"path": "{name}"}}'))
            for name, digest in digests.items()
        ]
        self._call("log_inputs", datasets=sets)

    def metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Record metrics of one step, together with any that could not be sent before."""
        if self.run_id is None:
            return
        now = int(time() * 1000)
        self._spool += [(name, float(value), now, step) for name, value in metrics.items()]
        self._send(self._flush)

    def picture(self, image: np.ndarray, name: str) -> None:
        """Record an H×W×3 uint8 picture under ``name`` (a path ending in .png)."""
        self._call("log_image", image, name)

    def file(self, path: Path, folder: str | None = None) -> None:
        """Record a file among the run's artifacts."""
        self._call("log_artifact", str(path), folder)

    def model(self, network: Any, example: np.ndarray) -> None:
        """Record a network with its signature; see :func:`log_network` for the example."""
        self._send(lambda: log_network(network, example, self.run_id))

    def find(self, tag: str, value: str) -> str | None:
        """Return the newest finished run whose ``tag`` is ``value``."""
        found: list[str | None] = []
        self._send(lambda: found.append(newest_run(self._client, {tag: value})))
        return found[0] if found else None

    def close(self, status: str) -> None:
        """End the run as FINISHED, FAILED or KILLED."""
        self._send(self._flush)
        if self._spool:
            log.warning("%d metrics never reached MLflow; metrics.jsonl has them", len(self._spool))
        self._call("set_terminated", status)

    def _open(self, uri: str, stage: str, run_id: str | None) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        logging.getLogger("alembic").setLevel(logging.WARNING)
        import mlflow

        adopt_artifacts(uri)
        mlflow.set_tracking_uri(uri)
        client = mlflow.MlflowClient(uri)
        experiment = client.get_experiment_by_name(EXPERIMENT)
        number = experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT)
        if run_id is None or not run_exists(client, run_id):
            run_id = client.create_run(number, run_name=stage, tags=_origin(stage)).info.run_id
        else:
            client.update_run(run_id, "RUNNING")
        self._client, self.run_id = client, run_id

    def _flush(self) -> None:
        from mlflow.entities import Metric

        while self._spool:
            chunk = self._spool[:1000]
            self._client.log_batch(self.run_id, metrics=[Metric(*values) for values in chunk])
            del self._spool[: len(chunk)]

    def _call(self, method: str, *args: Any, **kwargs: Any) -> None:
        """Call a method of MLflow's client for this run."""
        self._send(lambda: getattr(self._client, method)(self.run_id, *args, **kwargs))

    def _send(self, action: Callable[[], Any]) -> None:
        if self.run_id is not None:
            self._try(action)

    def _try(self, action: Callable[[], Any]) -> None:
        try:
            action()
        except Exception as error:
            if not self._warned:
                log.warning("MLflow is not available, training goes on without it: %s", error)
            self._warned = True


@contextmanager
def track_run(uri: str | None, stage: str, run_id: str | None = None) -> Iterator[Tracker]:
    """Open a run and close it with the status that the block ends with."""
    tracker = Tracker(uri, stage, run_id)
    try:
        yield tracker
    except KeyboardInterrupt:
        tracker.close("KILLED")
        raise
    except BaseException:
        tracker.close("FAILED")
        raise
    tracker.close("FINISHED")


def newest_run(client: Any, tags: Mapping[str, str]) -> str | None:
    """Return the id of the newest run of ssid that has all these tags, or None.

    Args:
        client: MLflow's.
        tags: by name; a value with a quotation mark is of no run, as MLflow cannot ask for it.
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


def run_exists(client: Any, run_id: str) -> bool:
    """Return whether there is a run of this id."""
    from mlflow.exceptions import MlflowException

    try:
        client.get_run(run_id)
    except MlflowException:
        return False
    return True


def log_network(network: Any, example: np.ndarray, run_id: str | None) -> None:
    """Store a network and its signature with the run; no code is pickled.

    What is stored takes any batch, height and width, as its signature says: float32 N×3×H×W, RGB
    in [0, 1]. MLflow refuses arrays of float64 (``astype("float32")``); JSON is converted.

    Args:
        network: the network.
        example: N×3×H×W float32, of different sides and more than one image, as a tracer takes
            equal sides for one and the same, and one image for the only batch there is.
        run_id: run to store it with.
    """
    import mlflow
    from mlflow.types import Schema, TensorSpec

    from ssid.export.program import Program, strided_weights

    free = Schema([TensorSpec(np.dtype("float32"), (-1, 3, -1, -1))])
    requirements = [f"{name}=={version(name)}" for name in ("torch", "numpy")]
    with strided_weights(), mlflow.start_run(run_id=run_id, nested=True):
        mlflow.pytorch.log_model(
            Program(network).eval(),
            name="model",
            signature=mlflow.models.ModelSignature(inputs=free, outputs=free),
            input_example=example,
            pip_requirements=requirements,
        )


def flatten(params: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of nested mappings under dotted names."""
    for name, value in params.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def commit() -> str:
    """Return the commit of the working tree, ``-dirty`` where files differ, or ``unknown``."""
    described = _git("describe", "--always", "--dirty", "--abbrev=40")
    return described or "unknown"


def _git(*arguments: str) -> str:
    try:
        result = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except OSError:  # there is no git
        return ""
    return result.stdout.strip()


def _origin(stage: str) -> dict[str, str]:
    versions = {f"version.{name}": version(name) for name in LIBRARIES}
    names = ("DVC_STAGE", "DVC_EXP_NAME")
    dvc = {name.lower(): os.environ[name] for name in names if name in os.environ}
    return {"stage": stage, "commit": commit(), **versions, **dvc}
