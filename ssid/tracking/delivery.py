"""Send what lies in spools to MLflow, each record once and in order."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from ssid.files import try_to_hold, write_json
from ssid.tracking.spool import (
    FILES,
    RUN,
    SENT,
    Line,
    Origin,
    Sent,
    read_origin,
    read_sent,
    remove,
    unsent,
)
from ssid.tracking.store import Run, open_client, open_run, send

log = logging.getLogger(__name__)

TRANSIENT = ("INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "ABORTED")
"""MLflow's codes for troubles that may pass; with any other, it will never take the record."""


class Post:
    """Delivers spools; each store is opened once, and left alone for a pass once it has failed."""

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}

    def deliver(self, folders: Iterable[Path]) -> dict[str, Exception]:
        """Send everything in these spools, oldest first.

        Returns:
            The stores that could not be reached, and why.
        """
        failed: dict[str, Exception] = {}
        for folder in folders:
            with _held(folder) as mine:
                if not mine:  # another process sends it
                    continue
                try:
                    origin = read_origin(folder)
                except FileNotFoundError:  # it was damaged meanwhile
                    continue
                if origin.uri in failed:
                    continue
                try:
                    self._deliver(folder, origin)
                except Exception as error:
                    failed[origin.uri] = error
        return failed

    def _deliver(self, folder: Path, origin: Origin) -> None:
        sent = read_sent(folder)
        lines = list(unsent(folder, sent.offset))
        if not lines:
            return
        if origin.uri not in self._clients:
            self._clients[origin.uri] = open_client(origin.uri)
        client = self._clients[origin.uri]
        run_id = open_run(client, origin, folder.name, sent.run_id)
        if run_id != sent.run_id:  # it is new there: it lacks everything
            sent = Sent(run_id)
            lines = list(unsent(folder, 0))
            write_json(folder / SENT, asdict(sent))
        for kind, group in groupby(lines, lambda line: line.event["kind"]):
            if kind == "end":
                remove(folder)
                return
            self._send(Run(client, run_id, folder / FILES), list(group), sent, folder)

    def _send(self, run: Run, lines: Sequence[Line], sent: Sent, folder: Path) -> None:
        for first in range(0, len(lines), 100):
            chunk = lines[first : first + 100]
            try:
                send(run, [line.event for line in chunk])
            except Exception as error:
                if may_pass(error):
                    raise
                sent.refused += len(chunk)
                log.warning("MLflow refuses a record (%s): %s", chunk[0].event["kind"], error)
            sent.offset = chunk[-1].end
            write_json(folder / SENT, asdict(sent))


def may_pass(error: Exception) -> bool:
    """Return whether a record that MLflow did not take may be taken later."""
    code = getattr(error, "error_code", None)
    return isinstance(error, OSError) if code is None else code in TRANSIENT


def waiting(folder: Path) -> int:
    """Return how many records of a spool MLflow lacks."""
    return sum(1 for _ in unsent(folder, read_sent(folder).offset))


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Hold a spool; yield whether that was possible: one process at a time sends it."""
    try:
        file = (folder / RUN).open()
    except FileNotFoundError:
        yield False
        return
    with file:
        yield try_to_hold(file) and (folder / RUN).is_file()
