"""Send what runs left unsent, by hand."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from ssid.files import write_json
from ssid.ownership import is_owned
from ssid.tracking.delivery import Post, waiting
from ssid.tracking.sender import all_spools
from ssid.tracking.spool import RUN, Spool, damaged, last_state, read_origin
from ssid.tracking.store import reason_of


def sync(runs: Path, uri: str | None = None) -> Iterator[str]:
    """Send the records of all runs that MLflow lacks, and yield a line for each of these runs.

    Args:
        runs: folder of all runs of the project.
        uri: store to send them to; None for the one that they were made for.
    """
    for folder in sorted(runs.glob("*/tracking")):
        for spool in damaged(folder):
            yield f"{spool} is damaged: its records are not sent. Delete it to be rid of this line"
    for spool in all_spools(runs):
        _settle(spool)
        before = waiting(spool)
        if not before:
            continue
        if uri is not None:
            write_json(spool / RUN, asdict(replace(read_origin(spool), uri=uri)))
        origin = read_origin(spool)
        failed = Post().deliver([spool])
        left = waiting(spool) if spool.is_dir() else 0
        reason = f": {reason_of(failed[origin.uri])}" if failed else ""
        yield f"{origin.stage}: {before - left} of {before} records sent to {origin.uri}{reason}"


def _settle(spool: Path) -> None:
    """Say that a run was killed whose process is gone without a word."""
    if not is_owned(spool.parent.parent) and last_state(spool) == "RUNNING":
        Spool(spool).status("KILLED")
