"""Artifacts of MLflow's embedded store belong to the project, wherever it was moved or copied.

MLflow writes the absolute path of the first working folder into the database, for the experiment
and for every run: in a folder that was moved, it would make the old one anew and write there.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

ARTIFACTS = "mlruns"
"""The folder beside the database in which MLflow keeps files."""

_PREFIX = "sqlite:///"
_PATHS = {
    "experiments": "artifact_location",
    "runs": "artifact_uri",
    "logged_models": "artifact_location",
}
"""Columns that hold absolute paths, by table."""


class Move(NamedTuple):
    """The paths of the files of one experiment: as they were written down, and as they are."""

    experiment: str
    before: str
    after: str


def adopt_artifacts(uri: str) -> list[Move]:
    """Make the paths in the embedded store at ``uri`` those of the folder that it lies in.

    Nothing changes where they are so already, where the store is no file or not there yet, and
    where files of an experiment were kept elsewhere on purpose: they still are there, or their
    folder is not called ``mlruns``.

    Returns:
        The experiments that were moved.

    Raises:
        sqlite3.Error: The database cannot be read or written.
    """
    file = database(uri)
    if file is None or not file.is_file():
        return []
    with closing(sqlite3.connect(file, timeout=30)) as base, base:
        tables = {name for (name,) in base.execute("SELECT name FROM sqlite_master")}
        moves = list(_moves(base, file.parent.resolve())) if "experiments" in tables else []
        for move in moves:
            for table in _PATHS.keys() & tables:
                _rewrite(base, table, move)
    return moves


def database(uri: str) -> Path | None:
    """Return the file of an embedded store, None where ``uri`` is that of a server."""
    return Path(uri.removeprefix(_PREFIX)) if uri.startswith(_PREFIX) else None


def _moves(base: sqlite3.Connection, folder: Path) -> Iterator[Move]:
    for number, location in base.execute(
        "SELECT experiment_id, artifact_location FROM experiments"
    ):
        old = Path(str(location).removeprefix("file://"))
        new = folder / ARTIFACTS / str(number)
        is_default = old.is_absolute() and old.parts[-2:] == new.parts[-2:]
        if is_default and old != new and (new.exists() or not old.exists()):
            yield Move(str(number), str(location), str(new))


def _rewrite(base: sqlite3.Connection, table: str, move: Move) -> None:
    """Replace the beginning of the paths of one experiment."""
    column = _PATHS[table]
    base.execute(
        f"UPDATE {table} SET {column} = ? || substr({column}, ?)"
        f" WHERE experiment_id = ? AND substr({column}, 1, ?) = ?",
        (move.after, len(move.before) + 1, move.experiment, len(move.before), move.before),
    )
