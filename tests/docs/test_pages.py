"""The pages of the documentation do what they say: every block is run, or named here."""

import re
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from ssid.cli import app
from ssid.config.load import load_params
from ssid.data.params import DataParams, SyntheticSet
from ssid.models.interop import IMPORTERS
from ssid.objective import check_term
from support.pages import (
    NOT_RUN,
    PAGES,
    Block,
    blocks,
    commands,
    follow,
    follow_in_new_process,
    parse_ssid,
    reason_against,
    words_of,
)
from support.repository import PARAMS, ROOT

LANGUAGES = {"bash", "python", "yaml", "toml", "text", "math"}

OVERRIDE = re.compile(r"-S '?(params/\w+\.yaml):([^\s'=]+)")

names = [str(page.relative_to(ROOT)) for page in PAGES]
every_page = pytest.mark.parametrize("page", PAGES, ids=names)


def to_be_run(block: Block) -> bool:
    return bool(block.file) or block.language in ("bash", "python")


FOLLOWED = [page for page in PAGES if any(map(to_be_run, blocks(page)))]


@pytest.mark.parametrize("page", FOLLOWED, ids=[str(p.relative_to(ROOT)) for p in FOLLOWED])
def test_a_page_can_be_followed(page: Path, project: Path) -> None:
    if any(block.file.endswith(".py") for block in blocks(page)):  # it adds to registries
        follow_in_new_process(page)
    else:
        follow(page)


def test_nothing_is_excused_for_nothing() -> None:
    shown = [command for page in PAGES for command in commands(page)]
    unused = [what for what in NOT_RUN if not any(re.match(what, command) for command in shown)]
    assert unused == []


@every_page
def test_commands_that_are_not_run_can_be_read(page: Path) -> None:
    for command in filter(reason_against, commands(page)):
        words = words_of(command)
        if words[0] == "ssid":
            parse_ssid(words)
        if words[0] == "dvc":
            from dvc.cli import parse_args

            parse_args(words[1:])


@every_page
def test_every_block_has_a_language(page: Path) -> None:
    text = page.read_text("utf-8")
    assert {block.language for block in blocks(page)} <= LANGUAGES
    assert text.count("```") == 2 * len(blocks(page)), "a fence that the tests do not read"
    assert not re.search(r"^ {4}(uv run|ssid|dvc) ", text, re.MULTILINE), "a block without fence"


def named(page: Path) -> set[str]:
    """Return the commands of ``ssid`` that a page names, in blocks and in sentences."""
    text = " ".join(page.read_text("utf-8").split())
    return set(re.findall(r"(?:`|uv run )ssid ((?:data )?[a-z][a-z-]+)\b", text))


def test_the_readme_names_what_one_begins_with() -> None:
    assert {"data add", "derain", "preset", "models"} <= named(ROOT / "README.md")


@every_page
def test_commands_that_are_named_exist(page: Path) -> None:
    for command in named(page):
        group = get_command(app)
        for word in command.split():
            assert word in group.commands, command
            group = group.commands[word]


@every_page
def test_paths_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    for path in set(re.findall(r"`((?:ssid|params|tests|pipelines|benchmarks)/[\w/.]*)`", text)):
        assert (ROOT / path).exists(), path
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", text):
        assert (page.parent / picture).is_file(), picture


def settings(page: Path, key: str) -> list:
    """Return what the YAML blocks of a page hold under a top-level key."""
    shown = [YAML(typ="safe").load(b.text) for b in blocks(page) if b.language == "yaml"]
    return [block[key] for block in shown if key in block]


@every_page
def test_objectives_are_possible(page: Path) -> None:
    for objective in settings(page, "objective"):
        for name, options in objective.items():
            if f'@term("{name}"' not in page.read_text("utf-8"):  # or the page makes it itself
                own = {k: v for k, v in options.items() if k not in ("weight", "start")}
                check_term(name, own)


@every_page
def test_data_sets_are_possible(page: Path) -> None:
    known = load_params(PARAMS / "data.yaml", DataParams).model_dump(exclude_unset=True)
    for role in ("synthetic", "real", "benchmark"):
        for sets in settings(page, role):
            DataParams.model_validate(known | {role: sets})


def test_extras_are_those_that_there_are() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    page = (ROOT / "docs/index.md").read_text("utf-8")
    table = page.split("| extra | for |", 1)[1].split("\n\n", 1)[0]
    extras = re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
    assert sorted(extras) == sorted(declared["optional-dependencies"])


def test_floors_are_those_of_the_law() -> None:
    law = (ROOT / "tests/test_imports.py").read_text("utf-8")
    floors = re.findall(r"^    \{(.*)\},$", law, re.MULTILINE)
    (shown,) = [b.text for b in blocks(ROOT / "CONTRIBUTING.md") if b.language == "text"]
    rooms = [set(re.findall(r'"(\w+)"', floor)) for floor in reversed(floors)]
    assert [set(line.split(", ")) for line in shown.splitlines()] == rooms


def test_families_of_published_weights_are_named() -> None:
    page = " ".join((ROOT / "docs/deployment.md").read_text("utf-8").split())
    (named_there,) = re.findall(r"the families are ([^.]*)\.", page)
    assert re.findall(r"`(\w+)`", named_there) == list(IMPORTERS)


def test_every_key_of_a_data_set_is_explained() -> None:
    page = (ROOT / "docs/your_rain.md").read_text("utf-8")
    table = page.split("| key of a block |", 1)[1].split("\n\n", 1)[0]
    explained = re.findall(
        r"`(\w+)`", " ".join(row.split("|")[1] for row in table.splitlines()[2:])
    )
    header = (PARAMS / "data.yaml").read_text("utf-8").split("Keys of a block:", 1)[1]
    commented = re.findall(r"^#   (\w+)(?:, (\w+))? +\S", header, re.MULTILINE)
    keys = sorted(SyntheticSet.model_fields)
    assert sorted(explained) == keys
    assert sorted(key for row in commented for key in row if key) == keys
