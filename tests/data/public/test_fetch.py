"""Public sets are cloned from their repositories; no test leaves this computer."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from ssid.cli import app
from ssid.data.params import check_set_name
from ssid.data.public import fetch as fetch_module
from ssid.data.public.catalogue import PUBLIC_SETS
from ssid.data.public.fetch import add_command, fetch
from ssid.errors import UserError
from support.hostile import photograph


def git(folder, *arguments):
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Let real275 lie in a bare repository with two commits, with links that lead out of it."""
    work = tmp_path / "work"
    images = work / PUBLIC_SETS["real275"].folder
    images.mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    Image.fromarray(photograph(9)).save(tmp_path / "secret" / "secret.png")
    git(work, "init", "--quiet")
    git(work, "commit", "--quiet", "--allow-empty", "--message", "first")
    Image.fromarray(photograph(1)).save(images / "norain-1.png")
    (images / "norain-2.png").symlink_to(tmp_path / "secret" / "secret.png")
    (work / "up").symlink_to(tmp_path / "secret")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "second")
    git(tmp_path, "clone", "--quiet", "--bare", str(work), "bare.git")
    serve(monkeypatch, tmp_path / "bare.git")
    return tmp_path / "bare.git"


def serve(monkeypatch, page, **changes):
    public = replace(PUBLIC_SETS["real275"], page=f"file://{page}", **changes)
    monkeypatch.setitem(PUBLIC_SETS, "real275", public)


def test_a_set_is_cloned_without_history_and_without_links(repository, tmp_path):
    folder, commit = fetch("real275", tmp_path / "raw")
    assert folder == tmp_path / "raw" / "real275" / "Real275/test/rain"
    assert commit == git(repository, "rev-parse", "HEAD")
    assert (Image.open(folder / "norain-1.png").size) == (64, 48)
    fetched = list((tmp_path / "raw").rglob("*"))
    assert not any(path.is_symlink() or path.name in (".git", "secret.png") for path in fetched)
    assert (folder / "norain-2.png").read_text() == str(tmp_path / "secret" / "secret.png")
    with pytest.raises(UserError, match="is there already; remove it") as error:
        fetch("real275", tmp_path / "raw")
    assert add_command("real275", PUBLIC_SETS["real275"], folder) in str(error.value)


def test_a_repository_that_has_changed_leaves_nothing(repository, tmp_path, monkeypatch):
    serve(monkeypatch, repository, folder="up")  # a link to a folder elsewhere
    with pytest.raises(UserError, match="has no folder up any more"):
        fetch("real275", tmp_path / "raw")
    assert list((tmp_path / "raw").iterdir()) == []


def test_without_internet_it_says_what_to_do(tmp_path, monkeypatch):
    serve(monkeypatch, tmp_path / "nothing.git")
    with pytest.raises(UserError) as error:
        fetch("real275", tmp_path / "raw")
    text = str(error.value)
    assert text.startswith("real275 could not be fetched: fatal: ")
    assert f"git clone --depth 1 file://{tmp_path}/nothing.git real275\n" in text
    assert f"copy that folder to {tmp_path}/raw/real275. Then: ssid data add real275 " in text
    assert list((tmp_path / "raw").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_reported(repository, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot write .*real275: Not a directory"):
        fetch("real275", tmp_path / "file" / "raw")


def test_the_command_cites_fetches_and_says_what_is_next(repository, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params").mkdir()
    done = CliRunner().invoke(app, ["data", "get", "real275"])
    assert done.exit_code == 0
    assert "cite     Cui et al." in done.output
    next_command = "next: uv run ssid data add real275 data/raw/real275/Real275/test/rain"
    assert done.output.endswith(f"{next_command} --role real\n")
    shown = CliRunner().invoke(app, ["data", "list", "--public"]).output.splitlines()
    assert [line.split()[0] for line in shown] == ["name", *PUBLIC_SETS]


def test_without_git_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="git is not installed\nWithout internet here"):
        fetch("real275", tmp_path / "raw")


def test_what_no_repository_carries_is_explained(tmp_path):
    with pytest.raises(UserError, match=r"spa is in no git.*derain-project\.html and unpack it"):
        fetch("spa", tmp_path)


@pytest.mark.parametrize("name", ["../up", "real27", "--upload-pack=touch x", "", "a/b"])
def test_only_known_names_are_fetched(tmp_path, monkeypatch, name):
    monkeypatch.setattr(fetch_module.subprocess, "run", lambda *_, **__: pytest.fail("ran"))
    with pytest.raises(UserError, match="no public data set"):
        fetch(name, tmp_path)


@pytest.mark.parametrize("name", PUBLIC_SETS)
def test_public_sets_are_described(name):
    public = PUBLIC_SETS[name]
    assert check_set_name(name) == name
    assert re.fullmatch(r"https://[a-z0-9.-]+(/[\w.-]+)*", public.page)
    assert re.search(r", (CVPR|ECCV|IEEE \w+) 20\d\d$", public.citation)
    assert not public.folder or public.page.startswith("https://github.com/")
    assert ".." not in Path(public.folder).parts
    assert not public.folder.startswith("/")
    assert all(line in str(public) for line in (public.what, public.citation, public.licence))
