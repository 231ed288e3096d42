"""Stages of dvc.yaml depend on the files that decide their output, and on no others."""

import ast
import json
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ssid.config.load import parse_params
from ssid.data.params import DataParams
from ssid.errors import UserError
from ssid.training.identity import SOURCES
from support.repository import ROOT

STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]

DECIDE_NOTHING = {
    "ssid/__init__.py": "loads public names",
    "ssid/config": "reads parameters, which DVC tracks by their values",
    "ssid/entry.py": "ends a command",
    "ssid/errors.py": "words",
    "ssid/export": "makes what MLflow keeps",
    "ssid/extras.py": "words",
    "ssid/files.py": "writes what it is given",
    "ssid/launch.py": "starts processes",
    "ssid/plugins.py": "imports what params/plugins.yaml names",
    "ssid/processes.py": "tells processes of each other",
    "ssid/progress.py": "shows how far the work is",
    "ssid/relocation.py": "corrects paths in MLflow's records",
    "ssid/registry.py": "finds entries by name",
    "ssid/ownership.py": "keeps others out",
    "ssid/tracking": "records what others did",
    "ssid/data/__init__.py": "a docstring",
    "ssid/data/roles.py": "a type",
}
"""What programs of stages import without their output depending on it, and why."""

THROUGH_THE_STORE = {
    "ssid/data": "prepared sets, on which these stages depend, are all that they see of data",
}


def file_of(module: str) -> Path | None:
    path = ROOT / module.replace(".", "/")
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def imports(path: Path) -> set[Path]:
    modules = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("ssid"):
            modules |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {file for file in map(file_of, modules) if file is not None}


def closure(path: Path) -> set[str]:
    """Return the files of ssid that a program imports, but through what decides nothing."""
    seen: set[Path] = set()
    waiting = {path}
    while waiting:
        seen |= waiting
        deciding = (file for file in waiting if not below(name_of(file), [*DECIDE_NOTHING]))
        waiting = set().union(*map(imports, deciding)) - seen
    return set(map(name_of, seen))


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def below(file: str, places: list[str]) -> bool:
    return any(file == place or file.startswith(f"{place}/") for place in places)


@pytest.mark.parametrize("name", ["pretrain", "distill"])
def test_a_run_is_told_apart_by_the_code_that_its_stage_depends_on(name):
    ours = [place for place in STAGES[name]["deps"] if place.startswith("ssid/")]
    assert ours == [f"ssid/{source}" for source in SOURCES]


@pytest.mark.parametrize("name", STAGES)
def test_dependencies_are_what_decides_the_output(name):
    stage = STAGES[name].get("do", STAGES[name])
    program = ROOT / f"{stage['cmd'].split()[2].replace('.', '/')}.py"
    ours = [place for place in stage["deps"] if place.startswith(("ssid", "pipelines"))]
    needed = closure(program)
    excused = [*DECIDE_NOTHING]
    if name in ("fit", "pretrain", "distill", "evaluate", "exclude", "report", "prune"):
        excused += THROUGH_THE_STORE
    if name == "fit":  # has no network to hand to MLflow
        excused += ["ssid/models"]
    if name == "report":  # reads what params say of networks and objectives, to show it
        excused += ["ssid/models", "ssid/objective", "ssid/training", "ssid/metrics"]
        excused += ["ssid/evaluation/params.py", "ssid/evaluation/__init__.py", "ssid/pictures.py"]
    missing = {file for file in needed if not below(file, ours) and not below(file, excused)}
    assert not {file for file in missing if not file.endswith("__init__.py")}
    for place in ours:
        assert any(below(file, [place]) for file in needed), f"{place} decides nothing"


GROUPS = {name: stage["foreach"] for name, stage in STAGES.items() if "foreach" in stage}


@pytest.mark.parametrize("name", GROUPS)
def test_no_group_of_stages_can_be_without_members(name):
    """DVC takes an empty group, as a target of `dvc repro`, for all stages."""
    members = GROUPS[name]
    if isinstance(members, list):
        assert members
        return
    role = members.removeprefix("${").removesuffix("}")
    data = YAML(typ="safe").load(ROOT / "params/data.yaml")
    with pytest.raises(UserError, match=f"{role}: names no set"):
        parse_params(json.dumps({**data, role: {}}), Path("params/data.yaml"), DataParams)


def test_what_stages_make_is_not_in_git():
    """No store holds what a committed dvc.lock would point to, see CONTRIBUTING.md."""
    made = ("dvc.lock", "evaluation", "report", "models", "runs", "data/prepared")
    listed = subprocess.run(["git", "ls-files", *made], cwd=ROOT, capture_output=True, text=True)
    assert listed.stdout == ""
