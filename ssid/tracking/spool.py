"""Records on their way to MLflow: a folder that outlives the process which fills it.

``run.json`` says what run it is, ``events.jsonl`` has a record in each line, ``files/`` the
pictures and models that records name, and ``sent.json`` how much of it MLflow has.
"""

import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from time import time
from typing import Annotated, Any, NamedTuple
from uuid import uuid4

from pydantic import Field, TypeAdapter, ValidationError

from ssid.files import write_json

RUN, EVENTS, FILES, SENT = "run.json", "events.jsonl", "files", "sent.json"

log = logging.getLogger(__name__)

Event = dict[str, Any]


@dataclass(frozen=True)
class Origin:
    """What run a spool belongs to.

    Attributes:
        uri: MLflow's store that the records are for.
        stage: name of the run.
        key: key of the work; a run of the same key that was killed is gone on with.
        tags: tags that the run is created with.
        started: time in ms.
    """

    uri: str
    stage: str
    key: str
    tags: dict[str, str]
    started: int


@dataclass
class Sent:
    """What of a spool MLflow has.

    Attributes:
        run_id: run id of the run there; None before it was created.
        offset: bytes of ``events.jsonl`` that were sent.
        refused: records that MLflow did not take.
    """

    run_id: str | None = None
    offset: Annotated[int, Field(ge=0)] = 0
    refused: int = 0


class Line(NamedTuple):
    """A record, and the offset behind it in ``events.jsonl``."""

    event: Event
    end: int


class Spool:
    """The records of one run, for the process that makes them.

    A record that is there already is not added again, so that a run which was cut, and repeats some
    steps, leaves the records of one that was not.

    Args:
        folder: folder of the spool, with a ``run.json``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._newest: dict[str, int] = {}
        self._seen: set[str] = set()
        events = folder / EVENTS
        content = events.read_bytes() if events.is_file() else b""
        for line in lines_of(content):
            self._remember(line.event)
        self._torn = not content.endswith(b"\n") and bool(content)

    def metrics(self, values: Mapping[str, float], step: int) -> None:
        """Add metrics of one step; of those that are there for this step already, nothing."""
        new = {name: value for name, value in values.items() if self._newest.get(name, -1) < step}
        if new:
            self._append({"kind": "metrics", "step": step, "time": now(), "value": new})

    def add(self, kind: str, **content: Any) -> None:
        """Add a record, unless it is there already."""
        event = {"kind": kind, **content}
        if _text(event) not in self._seen:
            self._append(event)

    def status(self, status: str) -> None:
        """Add the state of the run: RUNNING, FINISHED, FAILED or KILLED."""
        self._append({"kind": "status", "value": status, "time": now()})

    def end(self) -> None:
        """Say that nothing will follow: once all is sent, the spool is not needed any more."""
        self._append({"kind": "end"})

    def place(self, name: str) -> Path:
        """Return where the file ``name`` of a record is to be written."""
        path = self.folder / FILES / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _append(self, event: Event) -> None:
        spoiled = "#\n" if self._torn else ""  # what is left of a line is made no line at all
        text = spoiled + _text(event) + "\n"
        self._torn = True  # until it is written as a whole
        descriptor = os.open(self.folder / EVENTS, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            _write_all(descriptor, text.encode())
        finally:
            os.close(descriptor)
        self._torn = False
        self._remember(event)

    def _remember(self, event: Event) -> None:
        if event["kind"] == "metrics":
            for name in event["value"]:
                self._newest[name] = max(event["step"], self._newest.get(name, -1))
        else:
            self._seen.add(_text(event))


def open_spool(folder: Path, uri: str, stage: str, key: str, tags: dict[str, str]) -> Spool:
    """Return a spool below ``folder``: that of the same work if it was cut, or else a new one.

    Spools of other work are told that nothing will follow. The caller is the only one who makes
    records in this folder.
    """
    for path in damaged(folder):
        log.warning("the records in %s are damaged and are not sent", path)
    mine = None
    for path in spools(folder):
        found = read_origin(path)
        if (found.uri, found.stage, found.key) == (uri, stage, key) and last_state(path) != "ended":
            mine = path
        else:
            close(path)
    if mine is None:
        mine = folder / f"{now():015d}-{uuid4().hex[:8]}"
        mine.mkdir(parents=True)
        write_json(mine / RUN, asdict(Origin(uri, stage, key, tags, now())))
    spool = Spool(mine)
    spool.status("RUNNING")
    return spool


def close(path: Path) -> None:
    """Say that nothing will follow in a spool, and that its run was killed if it has no end."""
    state = last_state(path)
    if state == "RUNNING":
        Spool(path).status("KILLED")
    if state != "ended":
        Spool(path).end()


def spools(folder: Path) -> list[Path]:
    """Return the spools in ``folder``, oldest first, without damaged ones."""
    return [path for path in _all(folder) if _origin(path) is not None]


def damaged(folder: Path) -> list[Path]:
    """Return those in ``folder`` of which nobody can say any more what run they belong to."""
    return [path for path in _all(folder) if _origin(path) is None]


def read_origin(path: Path) -> Origin:
    """Return what run a spool belongs to.

    Raises:
        FileNotFoundError: if it is gone, or damaged.
    """
    origin = _origin(path)
    if origin is None:
        raise FileNotFoundError(path / RUN)
    return origin


def read_sent(path: Path) -> Sent:
    """Return what of a spool MLflow has; nothing if that is not known, since twice does no harm."""
    try:
        sent = TypeAdapter(Sent).validate_json((path / SENT).read_bytes(), strict=True)
    except (FileNotFoundError, ValidationError):
        return Sent()
    events = path / EVENTS
    return sent if events.is_file() and sent.offset <= events.stat().st_size else Sent()


def last_state(path: Path) -> str:
    """Return the newest state of a run: RUNNING, FINISHED, FAILED, KILLED, or ended."""
    state = "RUNNING"
    for event, _ in unsent(path, 0):
        if event["kind"] == "status":
            state = event["value"]
        elif event["kind"] == "end":
            state = "ended"
    return state


def unsent(path: Path, offset: int) -> Iterator[Line]:
    """Yield the records of a spool from a byte of its file on."""
    events = path / EVENTS
    if events.is_file():
        with events.open("rb") as file:
            file.seek(offset)
            yield from (Line(event, offset + end) for event, end in lines_of(file.read()))


def lines_of(content: bytes) -> Iterator[Line]:
    """Yield the records in ``content``; a line that is none, as it was cut, is passed over."""
    end = 0
    for text in content.splitlines(keepends=True):
        end += len(text)
        if text.endswith(b"\n"):
            try:
                event = json.loads(text)
            except (ValueError, RecursionError):
                continue
            if _is_record(event):
                yield Line(event, end)


def remove(path: Path) -> None:
    """Remove a spool that is not needed any more."""
    shutil.rmtree(path, ignore_errors=True)


def now() -> int:
    """Return the time in ms."""
    return int(time() * 1000)


def _all(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob(f"*/{RUN}"))


def _origin(path: Path) -> Origin | None:
    try:
        return TypeAdapter(Origin).validate_json((path / RUN).read_bytes(), strict=True)
    except (FileNotFoundError, ValidationError):
        return None


def _is_record(event: Any) -> bool:
    """Return whether a line is a record as far as a run looks into it."""
    match event:
        case {"kind": "metrics", "step": int(), "time": int(), "value": dict(values)}:
            return all(isinstance(value, float) for value in values.values())
        case {"kind": "status", "value": str()}:
            return True
        case {"kind": str(kind)}:
            return kind not in ("metrics", "status")
    return False


def _text(event: Event) -> str:
    return json.dumps(event, sort_keys=True)


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
