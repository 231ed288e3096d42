"""Named sets of values that `ssid preset` writes into params/*.yaml."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any, Literal

from ssid.config.base import Params
from ssid.config.edit import merge, write_texts
from ssid.config.load import load_params, parse_params, parse_yaml, read_text
from ssid.data.params import DataParams
from ssid.data.rain.params import FitParams
from ssid.errors import UserError, nearest
from ssid.evaluation.params import EvaluateParams
from ssid.training.params import TeacherParams, TrainingParams

SCHEMAS: dict[str, type[Params]] = {
    "data.yaml": DataParams,
    "rain.yaml": FitParams,
    "teacher.yaml": TeacherParams,
    "student.yaml": TrainingParams,
    "evaluate.yaml": EvaluateParams,
}


class Preset(Params):
    """What params/presets/NAME.yaml holds: for each file the top-level keys that it sets.

    A key is set as a whole: after ``objective: {l1: ...}`` the objective is that term and no other.
    """

    description: str
    files: dict[
        Literal["data.yaml", "rain.yaml", "teacher.yaml", "student.yaml", "evaluate.yaml"],
        dict[str, Any],
    ]


@dataclass(frozen=True)
class Change:
    """The text of a parameter file before and after."""

    path: Path
    before: str
    after: str

    def diff(self) -> str:
        """Return the unified diff, empty where nothing changes."""
        return "".join(
            unified_diff(
                self.before.splitlines(keepends=True),
                self.after.splitlines(keepends=True),
                str(self.path),
                str(self.path),
            )
        )


def list_presets(params: Path) -> dict[str, Preset]:
    """Return the presets in the folder ``params``/presets by name."""
    paths = sorted((params / "presets").glob("*.yaml"))
    return {path.stem: load_params(path, Preset) for path in paths}


def plan_preset(params: Path, name: str) -> list[Change]:
    """Return what preset ``name`` would do to the files in ``params``; writes nothing.

    Raises:
        UserError: if there is no such preset, or a file is missing, damaged or would become
            invalid.
    """
    presets = list_presets(params)
    if name not in presets:
        raise UserError(
            f"there is no preset {name!r}.{nearest(name, presets)}"
            f" Available: {', '.join(presets) or 'none'}."
        )
    return [_plan(params / file, values) for file, values in presets[name].files.items()]


def apply(changes: Sequence[Change]) -> None:
    """Write the new texts, all of them or none."""
    write_texts({change.path: change.after for change in changes})


def _plan(path: Path, values: dict[str, Any]) -> Change:
    before = read_text(path)
    parse_yaml(before, path)
    try:
        after = merge(before, values)
    except ValueError as error:
        raise UserError(
            f"{path}: {error}. Write it without anchors, or restore it: `git checkout -- {path}`."
        ) from error
    parse_params(after, path, SCHEMAS[path.name])
    return Change(path, before, after)
