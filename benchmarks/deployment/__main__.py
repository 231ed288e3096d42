"""How fast the packaged students are where people use them: runtimes, folders, videos.

    python -m benchmarks.deployment [TABLE ...]

What is compared takes turns in one process, so that other work on the machine slows all of it
alike; medians, and the spread from the first to the third quartile. Rain is rendered. Every group
of rows is written when it is measured and kept from then on, as long as the weights stay the same:
a broken run goes on, and tables can be made one at a time. ``latency-1`` and ``flicker`` need one
core; ``latency-2``, ``folders`` and ``videos`` take all that there are, so run nothing beside them.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.deployment.photographs import folders
from benchmarks.deployment.plan import Group, Plan, Row
from benchmarks.deployment.runtimes import latency
from benchmarks.deployment.tables import show
from benchmarks.deployment.video import flickers, videos
from benchmarks.summary import hardware
from ssid.entry import reporting
from ssid.errors import UserError
from ssid.files import sha256, write_json
from ssid.packaged import packaged_student
from ssid.tracking import commit

RESULT = Path("benchmarks/results/deployment.json")

TABLES: dict[str, Callable[[Plan], list[Group]]] = {
    "latency-1": partial(latency, 1),
    "latency-2": partial(latency, 2),
    "folders": folders,
    "videos": videos,
    "flicker": flickers,
}


def main() -> None:
    """Measure what is missing, write it, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"{', '.join(TABLES)} (all)")
    parser.add_argument("--rounds", type=int, default=9, help="timed passes of each (9)")
    parser.add_argument("--small", type=int, default=2000, help="photographs of 192×128 (2000)")
    parser.add_argument("--large", type=int, default=2, help="photographs of 8000×6000 (2)")
    parser.add_argument("--frames", type=int, default=25, help="frames of a video (25)")
    parser.add_argument("--video", type=Path, help="of a fixed camera without rain, for flicker")
    options = vars(parser.parse_args())
    tables = _chosen(options.pop("tables"), options["video"])
    with tempfile.TemporaryDirectory() as temporary:
        plan = Plan(Path(temporary), **options)
        for table in tables:
            rows = measure(RESULT, table, TABLES[table](plan))
            print(f"\n{table}\n\n{show(table, rows)}", flush=True)


def _chosen(tables: list[str], video: Path | None) -> list[str]:
    if unknown := set(tables) - set(TABLES):
        raise UserError(f"there is no table {min(unknown)}. There are {', '.join(TABLES)}.")
    if "flicker" in tables and video is None:
        raise UserError("flicker is measured on real frames: name a video with --video.")
    return tables or [table for table in TABLES if table != "flicker" or video]


def measure(file: Path, table: str, groups: Sequence[Group]) -> list[Row]:
    """Return the rows of all groups; those of the same students in ``file`` are kept."""
    known = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    kept, found = known.get(table, {}), {}
    for group in groups:
        weights = {size: sha256(packaged_student(size)) for size in group.sizes}
        found[group.name] = kept.get(group.name, {})
        if found[group.name].get("weights") != weights:
            rows = group.take()
            origin = {"commit": commit(), "hardware": hardware(), "weights": weights}
            found[group.name] = {**origin, "rows": rows}
            write_json(file, known | {table: kept | found})
    write_json(file, known | {table: found})
    return [row for group in found.values() for row in group["rows"]]


if __name__ == "__main__":
    with reporting():
        main()
