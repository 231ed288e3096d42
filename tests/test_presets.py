"""Presets: what they write is valid, complete and reversible."""

import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ssid.config.load import load_params
from ssid.errors import UserError
from ssid.packaged import SIZES
from ssid.presets import apply, list_presets, plan_preset
from ssid.training.params import TeacherParams, TrainingParams, check_objective
from support.repository import ROOT

SHIPPED = ROOT / "params"
NAMES = sorted(path.stem for path in (SHIPPED / "presets").glob("*.yaml"))


@pytest.fixture
def params(tmp_path):
    return Path(shutil.copytree(SHIPPED, tmp_path / "params"))


def values(params: Path) -> dict[str, object]:
    yaml = YAML(typ="safe", pure=True)
    return {path.name: yaml.load(path) for path in sorted(params.glob("*.yaml"))}


def comments(path: Path) -> list[str]:
    return [line[line.index("#") :] for line in path.read_text().splitlines() if "#" in line]


def use(params: Path, name: str) -> None:
    apply(plan_preset(params, name))


def test_the_shipped_presets_exist():
    assert {"demo", "gpu", "paper", *(f"packaged_{size}" for size in SIZES)} <= set(NAMES)


def test_the_shipped_values_are_those_of_the_demo(params):
    assert "".join(change.diff() for change in plan_preset(params, "demo")) == ""


@pytest.mark.parametrize("name", NAMES)
def test_demo_takes_back_what_a_preset_did(params, name):
    before = values(params)
    use(params, name)
    assert (values(params) == before) == (name == "demo")
    use(params, "demo")
    assert values(params) == before


@pytest.mark.parametrize("name", NAMES)
def test_every_comment_survives(params, name):
    before = {path.name: comments(path) for path in params.glob("*.yaml")}
    use(params, name)
    use(params, "demo")
    assert {path.name: comments(path) for path in params.glob("*.yaml")} == before


@pytest.mark.parametrize("name", NAMES)
def test_objectives_of_presets_are_known(params, name):
    use(params, name)
    for file, schema in (("teacher.yaml", TeacherParams), ("student.yaml", TrainingParams)):
        check_objective(load_params(params / file, schema), params / file)


def test_paper_uses_the_published_networks(params):
    import torch

    from ssid.models import create_model

    use(params, "paper")
    counts = []
    for file in ("teacher.yaml", "student.yaml"):
        model = load_params(params / file, TrainingParams).model
        with torch.device("meta"):
            network = create_model(model.name, **model.options)
        counts.append(sum(p.numel() for p in network.parameters()))
    assert counts == [4_403_195, 166_767]  # the teacher without its 30,584 dead weights


def test_an_objective_is_replaced_not_merged(params):
    path = params / "student.yaml"
    path.write_text(
        path.read_text().replace("\nobjective:\n", "\nobjective:\n  mse: {weight: 7}\n")
    )
    assert "mse" in load_params(path, TrainingParams).objective
    use(params, "paper")
    assert "mse" not in load_params(path, TrainingParams).objective


def test_data_sets_of_the_user_are_left_alone(params):
    before = (params / "data.yaml").read_bytes()
    for name in NAMES:
        use(params, name)
    assert (params / "data.yaml").read_bytes() == before


def test_a_preset_repairs_values_that_it_sets(params):
    path = params / "teacher.yaml"
    before = path.read_text()
    path.write_text(before.replace("\nsteps: ", "\nsteps: -"))
    with pytest.raises(UserError, match="steps"):
        load_params(path, TeacherParams)
    use(params, "demo")
    assert path.read_text() == before


@pytest.mark.parametrize("spoil", ["nonsense: 1\n", "a: [\n"])
def test_nothing_is_written_where_one_file_would_be_invalid(params, spoil):
    path = params / "student.yaml"
    path.write_text(path.read_text() + spoil)
    before = {file: file.read_bytes() for file in params.glob("*.yaml")}
    with pytest.raises(UserError, match=r"student\.yaml:"):
        use(params, "paper")
    assert {file: file.read_bytes() for file in params.glob("*.yaml")} == before


@pytest.mark.parametrize("name", ["papr", "../presets/paper", "/etc/passwd"])
def test_an_unknown_preset_names_those_that_exist(params, name):
    with pytest.raises(UserError, match=f"Available: {', '.join(NAMES)}"):
        plan_preset(params, name)


def test_a_preset_file_is_checked_too(params):
    (params / "presets" / "mine.yaml").write_text("description: x\nfiles: {techer.yaml: {}}\n")
    with pytest.raises(UserError, match=r"mine\.yaml:2: files\.techer\.yaml"):
        list_presets(params)
