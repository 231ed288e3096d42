"""What makes two training runs the same: parameters, data, source code and versions."""

import ast
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ssid.plugins import parsed, plugin_sources
from ssid.tracking import flatten

Identity = dict[str, Any]
"""Dotted names → JSON values; equal for two runs that must end in the same bytes."""

WITHOUT_INFLUENCE = ("threads", "log_every", "checkpoint_every", "probe_every")
"""Parameters that may be changed in the middle of a run: they only say how it is gone through."""
PACKAGE = Path(__file__).parents[1]
SOURCES = (
    *("data/store/checks.py", "data/store/reader.py", "data/store/records.py"),
    *("metrics/fidelity.py", "models", "objective", "pictures.py", "project.py", "training"),
)
"""Where the code lies that decides about weights, as the deps of pretrain and distill have it."""
SHOWN = 5


def identify(record: Mapping[str, Any], stage: str) -> Identity:
    """Return the identity of the run that ``record`` describes, its parameters under ``stage``.

    The code of plugins is a part of it, as ours is.
    """
    params = {k: v for k, v in record[stage].items() if k not in WITHOUT_INFLUENCE}
    content = {
        **{name: value for name, value in record.items() if name != stage},
        "params": params,
        "versions": {name: version(name) for name in ("ssid", "torch")},
    }
    digests = source_digests() | {name: _digest(path) for name, path in plugin_sources().items()}
    sources = {f"source {name}": digest for name, digest in digests.items()}
    return json.loads(json.dumps({**dict(flatten(content)), **sources}))


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return in words what differs between two runs, at most a few of it."""
    found = list(_differences(before, now))
    return found[:SHOWN] + [f"and {len(found) - SHOWN} more"] * (len(found) > SHOWN)


@cache
def source_digests() -> dict[str, str]:
    """Return for each file that decides about weights a digest of what it computes.

    Comments, docstrings and layout are no part of it.
    """
    files = [path for place in SOURCES for path in sorted(_python_files(PACKAGE / place))]
    return {path.relative_to(PACKAGE.parent).as_posix(): _digest(path) for path in files}


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(before.keys() | now.keys()):
        then, today = before.get(name), now.get(name)
        if then == today:
            continue
        if name.startswith("source "):
            yield f"the code in {name.removeprefix('source ')} has changed"
        else:
            yield f"{name.removeprefix('params.')} was {_shown(then)} and is {_shown(today)}"


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _python_files(place: Path) -> list[Path]:
    return [place] if place.is_file() else list(place.rglob("*.py"))


def _digest(path: Path) -> str:
    tree = parsed(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]
