"""What ``dvc add`` leaves in a folder is the data, whatever kind of link it is."""

import shutil

import pytest
from dvc.repo import Repo

from ssid.data.sources.listing import list_folder
from support.layouts import each, lay


def clone(folder, shared, kind):
    """A project that shares its cache with others."""
    folder.mkdir()
    repo = Repo.init(str(folder), no_scm=True)
    with repo.config.edit("repo") as config:
        config["cache"] = {"dir": str(shared), "type": [kind]}
    return Repo(str(folder))


@pytest.mark.parametrize("kind", ["symlink", "hardlink", "copy"])
def test_links_into_the_cache_of_the_project_are_the_data(tmp_path, monkeypatch, kind):
    first, second = (clone(tmp_path / name, tmp_path / "shared", kind) for name in "ab")
    pairs = lay(tmp_path / "a/set", each("u/{}.png", "v/{}.png", (1, 2)))
    monkeypatch.chdir(tmp_path / "a")
    first.add("set")
    shutil.copy(tmp_path / "a/set.dvc", tmp_path / "b")
    monkeypatch.chdir(tmp_path / "b")
    second.checkout()
    for name in "ab":
        monkeypatch.chdir(tmp_path / name)
        listing = list_folder(tmp_path / name / "set")
        assert listing.refused == []
        assert {file.name for file in listing.photographs} == {n for pair in pairs for n in pair}
        assert all(file.path.is_symlink() == (kind == "symlink") for file in listing.photographs)


def test_a_project_that_a_data_set_brings_along_opens_nothing(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.png").touch()
    clone(tmp_path / "set", tmp_path / "elsewhere", "symlink")
    (tmp_path / "set/a.png").symlink_to(tmp_path / "elsewhere/a.png")
    monkeypatch.chdir(tmp_path)
    refused = {file.file: file.reason for file in list_folder(tmp_path / "set").refused}
    assert refused["a.png"].startswith("leads out of the folder of the data set: replace the link")
