"""Archives from anybody: what is good is used, the rest refused, and nothing else happens."""

import json
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ssid.data.params import RealSet
from ssid.data.prepare import prepare
from ssid.data.sources import archives
from ssid.data.sources.archives import is_archive, unpack
from ssid.data.sources.detection import detect_layout, look_into
from ssid.data.store.reader import ImageStore
from ssid.errors import UserError
from support.hostile import encoded, photograph
from support.hostile_archives import make_hostile_archives, zip_file


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile") / "archives"
    return folder, make_hostile_archives(folder)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_hostile_archives_do_nothing_but_give_their_good_files(hostile, tmp_path):
    folder, expected = hostile
    assert len(expected) >= 20
    before = files(tmp_path.parent)
    for name, (members, reason) in expected.items():
        target = tmp_path / name / "deep" / "inside"
        tracemalloc.start()
        refused = {file.file: file.reason for file in unpack(folder / name, target)}
        assert tracemalloc.get_traced_memory()[1] < 80 << 20, name
        tracemalloc.stop()
        assert members <= set(refused), name
        assert any(reason in text for text in refused.values()), (name, refused)
        made = files(target)
        assert "good.png" in made, name
        assert made <= {"good.png", "a.png", "b.png", "dir.png/passwd.png"}, name
        assert sum((target / file).stat().st_size for file in made) < 1 << 20
        assert not any(path.is_symlink() for path in target.rglob("*"))
        assert files(tmp_path / name) == {f"deep/inside/{file}" for file in made}, name
    after = files(tmp_path.parent)
    assert {file for file in after - before if not file.startswith(tmp_path.name)} == set()
    assert not Path("/tmp/absolute.png").exists()


def test_every_file_of_an_archive_is_used_or_in_the_report(hostile, tmp_path):
    folder, expected = hostile
    for name in ("slip.zip", "devices.tar", "bomb.tar.gz", "nul.zip", "cut.tar.gz"):
        block = RealSet(root=str(folder / name), layout="photographs")
        summary = prepare("real", "a", block, tmp_path / "out", 1)
        refused = {
            file["file"] for file in json.loads((tmp_path / "out/quarantine.json").read_text())
        }
        assert refused >= expected[name][0]
        assert summary.files == summary.images + summary.quarantined
        assert np.array_equal(ImageStore(tmp_path / "out").rainy(0), photograph(1))
        assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tgz", "a.tar.xz", "a.tar.bz2"])
def test_what_is_no_archive_is_explained(name, tmp_path):
    for content in (b"", b"no archive", encoded(".png"), bytes(5000)):
        (tmp_path / name).write_bytes(content)
        block = RealSet(root=str(tmp_path / name), layout="photographs")
        with pytest.raises(UserError, match=r"root: .*(no usable item|is empty)"):
            prepare("real", "a", block, tmp_path / "out", 1)
        assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        (None, "damaged"),
        ({"notes.md": b"words"}, "its name does not end like"),
        ({"more.zip": b"a"}, "an archive within the archive"),
        ({}, "it is empty"),
    ],
    ids=["text", "other files", "nested", "empty"],
)
def test_an_archive_without_images_is_named_with_the_reason(members, reason, tmp_path):
    archive = tmp_path / "rain.zip"
    archive.write_text("no archive")
    if members is not None:
        with zipfile.ZipFile(archive, "w") as file:
            for name, data in members.items():
                file.writestr(name, data)
    with pytest.raises(UserError, match=rf"^root: {archive} has no image[^/]*{reason}"):
        detect_layout(archive)


def test_who_looks_into_an_archive_hears_its_name(tmp_path):
    zip_file(tmp_path / "rain.zip", {})
    with pytest.raises(UserError) as found:
        look_into(tmp_path / "rain.zip", refuse)
    assert str(found.value) == f"root: {tmp_path}/rain.zip is of no use."


def refuse(source):
    raise UserError(f"root: {source.root} is of no use.")


def test_a_bomb_of_many_small_members_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "FREE_BYTES", 1 << 20)
    zip_file(tmp_path / "many.zip", {f"{i}.png": bytes(900_000) for i in range(50)})
    refused = unpack(tmp_path / "many.zip", tmp_path / "out")
    assert "unpacking was stopped" in refused[-1].reason
    size = sum(path.stat().st_size for path in (tmp_path / "out").iterdir())
    assert size <= max(1 << 20, 100 * (tmp_path / "many.zip").stat().st_size)


def test_archives_are_told_by_their_names(tmp_path):
    (tmp_path / "Photos.TAR.GZ").touch()
    (tmp_path / "folder.zip").mkdir()
    assert is_archive(tmp_path / "Photos.TAR.GZ")
    assert not is_archive(tmp_path / "folder.zip")
    assert not is_archive(tmp_path / "missing.zip")
