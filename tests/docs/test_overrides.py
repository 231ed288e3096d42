"""What the pages say of `dvc exp run -S` is what DVC makes of it."""

import re
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from dvc.exceptions import InvalidArgumentError
from dvc.utils.cli_parse import to_path_overrides
from dvc.utils.hydra import apply_overrides, get_hydra_sweeps
from ruamel.yaml import YAML

from ssid.config.load import load_params
from ssid.training.params import TrainingParams, check_objective
from support.pages import PAGES, commands, words_of
from support.repository import PARAMS, ROOT

EXPERIMENTS = (ROOT / "docs/experiments.md").read_text("utf-8")
STUDENT = "params/student.yaml"


def forms(heading: str) -> list[str]:
    """Return the changes that a table of the page shows, the one whose heading begins so."""
    table = EXPERIMENTS.split(f"| {heading}", 1)[1].split("\n\n", 1)[0]
    rows = table.splitlines()[2:]
    return [re.findall(r"\| `([^`]+)`", row)[0] for row in rows]


def changes_of(command: str) -> list[str]:
    words = words_of(command)
    return [value for option, value in pairwise(words) if option == "-S"]


SHOWN = [
    changes for page in PAGES for command in commands(page) if (changes := changes_of(command))
]
RIGHT = forms("what you want")
MERGED, EMPTY, NEW, KNOWN = forms("written")


@pytest.fixture
def student(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return params/student.yaml of the demo, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(PARAMS, "params")
    return Path(STUDENT)


def changed(file: Path, *changes: str) -> dict:
    apply_overrides(file, list(changes))
    params = load_params(file, TrainingParams)
    check_objective(params, file)
    return YAML(typ="safe").load(file)


def demo() -> dict:
    return YAML(typ="safe").load(PARAMS / "student.yaml")


def test_the_objective_that_is_shown_is_of_the_demo() -> None:
    (shown,) = re.findall(r"^objective:\n(?:  .*\n)+", EXPERIMENTS, re.MULTILINE)
    terms = YAML(typ="safe").load(shown)["objective"]
    assert terms.items() <= demo()["objective"].items()


@pytest.mark.parametrize("changes", SHOWN, ids=" ".join)
def test_changes_in_commands_are_possible(changes: list[str], student: Path) -> None:
    for sweep in get_hydra_sweeps(to_path_overrides(changes)):
        for file, overrides in sweep.items():
            assert file == STUDENT
            shutil.copy(PARAMS / "student.yaml", file)
            assert changed(student, *overrides) != demo()


@pytest.mark.parametrize("change", RIGHT)
def test_a_form_that_is_recommended_changes_what_it_names(change: str, student: Path) -> None:
    before, after = demo(), changed(student, change)
    (part,) = (key for key in before if before[key] != after[key])
    assert part == change.lstrip("+~").split(".")[0].split("=")[0]


def test_a_mapping_is_merged(student: Path) -> None:
    assert changed(student, MERGED) == demo()


def test_an_empty_mapping_changes_nothing(student: Path) -> None:
    assert changed(student, EMPTY) == demo()


@pytest.mark.parametrize("change", [NEW, KNOWN])
def test_new_and_known_keys_are_told_apart(change: str, student: Path) -> None:
    with pytest.raises(InvalidArgumentError):
        changed(student, change)
