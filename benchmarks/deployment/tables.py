"""The rows of deployment as tables in Markdown: one line a student, what is compared beside it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.deployment.plan import Row
from benchmarks.record import markdown
from ssid.packaged import SIZES


class Shape(NamedTuple):
    """How rows become a table.

    Attributes:
        lines: entries of a row that tell the lines.
        column: entry of a row that tells the column.
        value: entry of a row that is shown, with its quartiles.
        unit: factor by which it is shown, such as 1000 for milliseconds.
    """

    lines: Sequence[str]
    column: str
    value: str
    unit: float = 1


SHAPES: Mapping[str, Shape] = {
    "latency-1": Shape(["size", "threads"], "runtime", "median, s", 1000),
    "latency-2": Shape(["size", "threads"], "runtime", "median, s", 1000),
    "folders": Shape(["folder", "size"], "way", "median, images/s"),
    "videos": Shape(["size"], "video", "median, frames/s"),
}


def show(table: str, rows: Sequence[Row]) -> str:
    """Return the rows of a table in Markdown, medians with their quartiles."""
    return _crossed(rows, SHAPES[table]) if table in SHAPES else _plain(rows)


def summary(rows: Sequence[Row]) -> str:
    """Return the medians of latency, in whole milliseconds, a line for student and threads."""
    runtimes = list(dict.fromkeys(row["runtime"] for row in rows))
    lines: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: SIZES.index(row["size"])):
        line = f"`{row['size']}`, {row['threads']} thread{'s' * (row['threads'] > 1)}"
        lines.setdefault(line, []).append(f"{1000 * row['median, s']:.0f}")
    return markdown(["ms", *runtimes], [[line, *cells] for line, cells in lines.items()])


def _crossed(rows: Sequence[Row], shape: Shape) -> str:
    columns = list(dict.fromkeys(row[shape.column] for row in rows))
    lines: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        line = tuple(str(row[key]) for key in shape.lines)
        lines.setdefault(line, {})[row[shape.column]] = _spread(row, shape)
    cells = [[*line, *(found.get(name, "") for name in columns)] for line, found in lines.items()]
    return markdown([*shape.lines, *columns], cells)


def _spread(row: Row, shape: Shape) -> str:
    middle, first, third = (
        f"{shape.unit * row[key]:.3g}" for key in (shape.value, "first quartile", "third quartile")
    )
    return middle if first == third else f"{middle} ({first} to {third})"


def _plain(rows: Sequence[Row]) -> str:
    return markdown(list(rows[0]), [[_cell(value) for value in row.values()] for row in rows])


def _cell(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
