"""What a run tells MLflow."""

import logging
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from PIL import Image

from ssid.tracking import sender
from ssid.tracking.delivery import waiting
from ssid.tracking.origin import origin
from ssid.tracking.spool import Spool, now, open_spool

PATIENCE = {"FINISHED": 300.0, "FAILED": 10.0, "KILLED": 10.0}
"""Seconds that a run waits in the end for its last records to be sent, by how it ended."""

log = logging.getLogger(__name__)


def tracking_uri() -> str:
    """Return where MLflow keeps its records: a file of this folder, or MLFLOW_TRACKING_URI."""
    return os.environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlflow.db"


class Tracker:
    """The records of one MLflow run. Nothing here waits for MLflow, or fails with it.

    Args:
        spool: place of the records; None drops them.
    """

    def __init__(self, spool: Spool | None) -> None:
        self._spool = spool
        self._warned = False

    def params(self, params: Mapping[str, Any]) -> None:
        """Record nested parameters under dotted names, and once more as one JSON file."""
        self._try(lambda spool: spool.add("params", value=dict(params)))

    def tags(self, tags: Mapping[str, str]) -> None:
        """Record tags, which people filter runs by."""
        self._try(lambda spool: spool.add("tags", value=dict(tags)))

    def inputs(self, digests: Mapping[str, str]) -> None:
        """Record data sets, name → digest, as inputs of the run."""
        self._try(lambda spool: spool.add("inputs", value=dict(digests)))

    def link(self, tag: str, **by: str) -> None:
        """Record under ``tag`` the newest run with the tags ``by``, or ``unknown``."""
        self._try(lambda spool: spool.add("link", tag=tag, by=by))

    def metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Record metrics of one step."""
        values = {name: float(value) for name, value in metrics.items()}
        self._try(lambda spool: spool.metrics(values, step))

    def metrics_of(self, metrics: Mapping[str, float], **by: str) -> None:
        """Record metrics, of step 0, on the newest run with the tags ``by``."""
        values = {name: float(value) for name, value in metrics.items()}
        self._try(lambda spool: spool.add("metrics_of", value=values, step=0, time=now(), by=by))

    def picture(self, image: np.ndarray, name: str) -> None:
        """Record an H×W×3 uint8 picture under ``name`` (a path ending in .png)."""
        self._file(name, lambda place: Image.fromarray(image).save(place))

    def file(self, path: Path, folder: str = "") -> None:
        """Record a file among the run's artifacts."""
        name = (Path(folder) / path.name).as_posix()
        self._file(name, lambda place: shutil.copyfile(path, place))

    def model(self, file: Path, example: np.ndarray) -> None:
        """Record a model file and an example for it, N×3×H×W float32 in [0, 1].

        The example has more than one image, and different sides: a tracer takes equal sides for one
        and the same, and one image for the only batch there is.
        """

        def record(spool: Spool) -> None:
            shutil.copyfile(file, spool.place("model.safetensors"))
            np.save(spool.place("example.npy"), example)
            spool.add("model", name="model.safetensors", example="example.npy")

        self._try(record)

    def close(self, status: str) -> None:
        """End the run as FINISHED, FAILED or KILLED; the latter two may be gone on with."""

        def end(spool: Spool) -> None:
            spool.status(status)
            if status == "FINISHED":
                spool.end()

        self._try(end)

    def _file(self, name: str, write: Callable[[Path], object]) -> None:
        def record(spool: Spool) -> None:
            write(spool.place(name))
            spool.add("file", name=name)

        self._try(record)

    def _try(self, action: Callable[[Spool], object]) -> None:
        if self._spool is None:
            return
        try:
            action(self._spool)
        except OSError as error:
            if not self._warned:
                log.warning(
                    "a record for MLflow is lost, as it cannot be kept in %s: %s",
                    *(self._spool.folder, error),
                )
            self._warned = True


@contextmanager
def track_run(
    uri: str | None, stage: str, folder: Path, key: str | None = None
) -> Iterator[Tracker]:
    """Open a run, have its records sent, and close it with the status that the block ends with.

    Args:
        uri: address of MLflow's store; None tracks nothing.
        stage: name of the run: pretrain, distill, prune or evaluate.
        folder: folder of the run, below that of all runs; records wait in its folder ``tracking``.
        key: key of the work: a run of the same key that was cut is gone on with; None for a new
            run.
    """
    spool = _open(uri, stage, folder / "tracking", key or uuid4().hex) if uri else None
    process = _start(spool, folder.parent) if spool else None
    tracker, status = Tracker(spool), "FAILED"
    try:
        yield tracker
        status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        tracker.close(status)
        if spool and process:
            _await(process, spool.folder, PATIENCE[status])


def _open(uri: str, stage: str, folder: Path, key: str) -> Spool | None:
    try:
        return open_spool(folder, uri, stage, key, origin(stage))
    except OSError as error:
        log.warning("this run is not tracked, as no records can be kept in %s: %s", folder, error)
        return None


def _start(spool: Spool, runs: Path) -> "subprocess.Popen[bytes] | None":
    try:
        return sender.start(spool.folder, runs)
    except OSError as error:
        log.warning("nothing is sent to MLflow while this goes on: %s", error)
        return None


def _await(process: "subprocess.Popen[bytes]", spool: Path, patience: float) -> None:
    """Give the last records the time to be sent, and say what becomes of those that are not."""
    assert process.stdin is not None
    with suppress(OSError):  # it has ended before
        process.stdin.close()
    with suppress(subprocess.TimeoutExpired):  # it goes on until it has tried once
        process.wait(patience)
    if spool.is_dir() and (left := waiting(spool)):
        log.warning(
            "%d records have not reached MLflow yet. They are kept in %s; the next run, or"
            " `ssid track sync`, sends those that are left.",
            *(left, spool),
        )
