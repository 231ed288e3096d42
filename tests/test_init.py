"""A project elsewhere: made by `ssid init` from a built wheel, run on the package in that wheel."""

import errno
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ssid import init
from ssid.errors import UserError
from ssid.init import init_project
from support.repository import ROOT

CLEAN_ENV = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "DVC_", "MLFLOW_"))}
yaml = YAML()


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """Return a folder that holds what a built wheel installs, and nothing of the repository."""
    if shutil.which("uv") is None:
        pytest.skip("building the wheel needs uv")
    folder = tmp_path_factory.mktemp("wheel")
    command = ["uv", "build", "--wheel", "--quiet", "--out-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def project(package, tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere") / "my_rain"
    call(package, folder.parent, sys.executable, "-m", "ssid.cli", "init", str(folder))
    return folder


def call(package, folder, *command, fails=False):
    scripts = str(Path(sys.executable).parent)
    environment = {**CLEAN_ENV, "PYTHONPATH": str(package), "OMP_NUM_THREADS": "1"}
    environment["PATH"] = f"{scripts}:{os.environ['PATH']}"
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_wheel_has_one_package_and_all_it_needs(package):
    assert {path.name for path in package.iterdir() if not path.name.endswith("dist-info")} == {
        "ssid"
    }
    assert (package / "ssid/py.typed").is_file()
    said = call(package, package, sys.executable, "-c", "import ssid; print(ssid.__file__)")
    assert Path(said.strip()).is_relative_to(package)


def test_stages_depend_on_the_version_instead_of_source_files(project):
    stages = yaml.load(project / "dvc.yaml")["stages"]
    ours = yaml.load(ROOT / "dvc.yaml")["stages"]
    assert list(stages) == ["version", *ours]
    for name in ours:
        dependencies = stages[name].get("do", stages[name])["deps"]
        assert "ssid.version" in dependencies
        assert not [path for path in dependencies if path.startswith("ssid/")]


def test_a_stage_runs_the_installed_package_and_then_nothing(package, project):
    params = project / "params/data.yaml"
    content = yaml.load(params)
    content["benchmark"]["demo"].update(max_side=64, limit=1, renderings=1)
    yaml.dump(content, params)
    target = "prepare-benchmark@demo"
    first = call(package, project, "dvc", "repro", target)
    assert "Running stage 'prepare-benchmark@demo'" in first
    assert (project / "ssid.version").read_text().strip() == "0.1.0"
    summary = json.loads((project / "data/prepared/benchmark/demo/summary.json").read_text())
    assert summary["images"] == 1
    again = call(package, project, "dvc", "repro", target)
    assert "Running stage 'prepare-benchmark@demo'" not in again
    (metadata,) = package.glob("*.dist-info/METADATA")
    metadata.write_text(metadata.read_text("utf-8").replace("Version: 0.1.0", "Version: 0.1.1"))
    updated = call(package, project, "dvc", "repro", target)
    assert "Running stage 'prepare-benchmark@demo'" in updated


def test_a_project_is_not_made_over_another(package, project):
    said = call(package, project, sys.executable, "-m", "ssid.cli", "init", ".", fails=True)
    assert "params is there already" in said
    assert "Traceback" not in said


def test_what_is_needed_is_known_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="git is not installed"):
        init_project(tmp_path / "mine")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["_write", "_run"])
def test_a_project_that_fails_leaves_what_was_there_and_nothing_else(tmp_path, monkeypatch, name):
    (tmp_path / "notes.txt").write_text("mine")
    works, calls = getattr(init, name), []

    def fail(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        works(*arguments)

    monkeypatch.setattr(init, name, fail)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(OSError, match="No space left"):
        init_project(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_in_the_way_of_a_project_stays(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileExistsError):
        init_project(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"
