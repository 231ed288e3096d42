"""A project that was moved or copied keeps its runs, their files, and what is added to them."""

import shutil

import mlflow
import pytest
from mlflow import MlflowClient

from ssid.errors import UserError
from ssid.evaluation.compare.runs import find_images
from ssid.relocation import adopt_artifacts
from ssid.tracking import newest_run, track_run


def uri(folder):
    return f"sqlite:///{folder}/mlflow.db"  # absolute: MLflow keeps what it opened once


def evaluated(folder, monkeypatch, name):
    """Record a run with one file in the project ``folder``."""
    monkeypatch.chdir(folder)
    (folder / "images.csv").write_text(name)
    with track_run(uri(folder), "evaluate", folder / "runs" / name) as tracker:
        tracker.file(folder / "images.csv")
    (folder / "images.csv").unlink()
    return newest_run(MlflowClient(uri(folder)), {"stage": "evaluate"})


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "first"
    folder.mkdir()
    run = evaluated(folder, monkeypatch, "old")
    monkeypatch.chdir(tmp_path)
    return folder, run


def test_a_moved_project_finds_its_files_and_adds_to_them(home, tmp_path, monkeypatch):
    folder, run = home
    moved = folder.rename(tmp_path / "another disk")
    here = uri(moved)
    new = evaluated(moved, monkeypatch, "new")
    assert not folder.exists()
    assert find_images(run, here).read_text() == "old"
    assert find_images(new, here).read_text() == "new"
    for number in (run, new):  # as the UI finds them
        location = mlflow.MlflowClient(here).get_run(number).info.artifact_uri
        assert str(moved) in location
    assert adopt_artifacts(here) == []


def test_a_copy_is_a_project_of_its_own(home, tmp_path, monkeypatch):
    folder, run = home
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    before = sorted(path.name for path in folder.rglob("*"))
    new = evaluated(copy, monkeypatch, "new")
    assert find_images(run, uri(copy)).is_relative_to(copy)
    assert find_images(new, uri(copy)).is_relative_to(copy)
    assert sorted(path.name for path in folder.rglob("*")) == before


def test_files_that_did_not_come_along_are_named_as_such(home, tmp_path, monkeypatch):
    folder, run = home
    (tmp_path / "copy").mkdir()
    shutil.copy(folder / "mlflow.db", tmp_path / "copy")
    shutil.rmtree(folder)
    monkeypatch.chdir(tmp_path / "copy")
    with pytest.raises(UserError, match=f"the run {run} is known, but its file .* is not there"):
        find_images(run, uri(tmp_path / "copy"))


def test_a_server_and_a_new_store_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert adopt_artifacts("http://localhost:5000") == adopt_artifacts(uri(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []
