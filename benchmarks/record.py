"""How a small table is kept: its rows with commit and versions, in benchmarks/results."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ssid.files import write_json
from ssid.tracking import commit

FOLDER = Path("benchmarks/results")

Row = dict[str, Any]


def record(output: Path, rows: Sequence[Row], libraries: Sequence[str], **settings: Any) -> None:
    """Write the rows of a table, with what they depend on.

    Args:
        output: JSON file to write.
        rows: rows of the table.
        libraries: packages whose versions matter.
        settings: options of the command that made the rows.
    """
    versions = {name: version(name) for name in libraries}
    content = {"commit": commit(), "versions": versions, **settings, "rows": list(rows)}
    write_json(output, content)


def markdown(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    rows = ["| " + " | ".join(cells) + " |" for cells in (heads, *lines)]
    return "\n".join([rows[0], "|---" * len(heads) + "|", *rows[1:]])
