"""What the README says exists."""

import re

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from ssid.cli import app
from ssid.config.load import load_params
from ssid.objective import TERMS
from ssid.training.params import TrainingParams
from support.repository import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def test_every_command_exists() -> None:
    commands = re.findall(r"uv run ssid ((?:data )?[a-z-]+)", README)
    assert {"data add", "derain", "preset", "models"} <= set(commands)
    for command in commands:
        group = get_command(app)
        for word in command.split():
            assert word in group.commands, command
            group = group.commands[word]


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:ssid|params|tests)/[\w/.]*)`", README)))
)
def test_every_path_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_picture_is_there() -> None:
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert (ROOT / picture).is_file()


def test_overrides_name_parameters_that_exist() -> None:
    for file, key in re.findall(r"-S (params/\w+\.yaml):([\w.]+)=", README):
        value = YAML().load(ROOT / file)
        for part in key.split("."):
            value = value[part]


def test_terms_shown_are_terms_of_the_demo() -> None:
    shown = set(re.findall(r"^ {6}(\w+): \{weight", README, re.MULTILINE))
    demo = load_params(ROOT / "params/student.yaml", TrainingParams).objective
    assert shown
    assert shown <= set(TERMS) & set(demo)
