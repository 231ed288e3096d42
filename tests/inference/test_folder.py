import multiprocessing
import os
import signal
import sys

import numpy as np
import pytest
from PIL import Image

from ssid.errors import UserError
from ssid.inference import choose_model, derain_folder
from ssid.inference.folder import FIRST
from ssid.packaged import DEFAULT
from support.tiny_networks import Identity, picture


@pytest.fixture
def photographs(tmp_path):
    """A folder of four photographs in two levels, one of them turned by EXIF, and two bad files."""
    source = tmp_path / "in"
    (source / "street").mkdir(parents=True)
    Image.fromarray(picture(40, 50)).save(source / "a.png")
    Image.fromarray(picture(48, 36, seed=1)).save(source / "a.webp", lossless=True)
    Image.fromarray(picture(33, 64, seed=2)).save(source / "street" / "b.bmp")
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: to be turned by a quarter
    Image.fromarray(picture(40, 64, seed=3)).save(source / "street" / "turned.jpg", exif=exif)
    (source / "broken.jpg").write_bytes((source / "a.png").read_bytes()[:300])
    (source / "notes.txt").write_text("not a photograph")
    return source


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def below(folder):
    return {path.relative_to(folder): content for path, content in contents(folder).items()}


def test_a_folder(photographs, tmp_path):
    before, target = contents(photographs), tmp_path / "out"
    summary = derain_folder(Identity(), photographs, target)
    names = ["a.png.png", "a.webp.png", "street/b.png", "street/turned.png"]
    assert sorted(path.relative_to(target).as_posix() for path in summary.written) == names
    assert {path for path in target.rglob("*") if path.is_file()} == set(summary.written)
    assert {refused.file for refused in summary.refused} == {"broken.jpg", "notes.txt"}
    assert all(refused.reason for refused in summary.refused)
    assert np.array_equal(np.asarray(Image.open(target / "a.png.png")), picture(40, 50))
    assert np.array_equal(np.asarray(Image.open(target / "a.webp.png")), picture(48, 36, seed=1))
    assert Image.open(target / "street" / "turned.png").size == (40, 64)
    assert contents(photographs) == before


def test_what_comes_later_under_the_same_name_is_derained_too(tmp_path):
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    Image.fromarray(picture(40, 50)).save(source / "a.png")
    derain_folder(Identity(), source, target)
    Image.fromarray(picture(48, 36, seed=1)).save(source / "a.bmp")
    derain_folder(Identity(), source, target, existing="keep")
    assert np.array_equal(np.asarray(Image.open(target / "a.bmp.png")), picture(48, 36, seed=1))


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".tif"])
def test_of_a_file_of_several_pictures_it_is_said_that_the_first_is_derained(suffix, tmp_path):
    pictures = [Image.fromarray(picture(40, 50, seed=seed)) for seed in range(2)]
    pictures[0].save(tmp_path / f"two{suffix}", save_all=True, append_images=pictures[1:])
    pictures[0].save(tmp_path / f"one{suffix}")
    notes = derain_folder(Identity(), tmp_path, tmp_path.parent / "out").notes
    assert notes == {f"two{suffix}": FIRST}


def test_an_output_of_a_kind_that_is_not_written_is_refused(tmp_path):
    Image.fromarray(picture(40, 50)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match=r"out\.bmp: a photograph is written as \.png, .*not \.bmp"):
        derain_folder(Identity(), tmp_path / "a.png", tmp_path / "out.bmp")
    (tmp_path / "folder.bmp").mkdir()
    done = derain_folder(Identity(), tmp_path / "a.png", tmp_path / "folder.bmp").written
    assert done == [tmp_path / "folder.bmp" / "a.png"]


def test_a_folder_that_is_called_like_a_photograph_is_a_folder(tmp_path):
    Image.fromarray(picture(40, 50)).save(tmp_path / "a.png")
    (tmp_path / "out.png").mkdir()
    done = derain_folder(Identity(), tmp_path / "a.png", tmp_path / "out.png").written
    assert done == [tmp_path / "out.png" / "a.png"]


def test_no_two_results_share_a_name(tmp_path):
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    names = ["a.png", "a.bmp", "a.bmp.png", "a.bmp.bmp", "b.png"]
    for seed, name in enumerate(names):
        Image.fromarray(picture(40, 50, seed=seed)).save(source / name)
    written = derain_folder(Identity(), source, target).written
    found = sorted(np.asarray(Image.open(path)).tobytes() for path in written)
    assert found == sorted(picture(40, 50, seed=seed).tobytes() for seed in range(len(names)))
    assert target / "b.png" in written


def test_a_second_run_gives_the_same_bytes(photographs, tmp_path):
    target = tmp_path / "out"
    derain_folder(Identity(), photographs, target)
    first = contents(target)
    derain_folder(Identity(), photographs, target)
    assert contents(target) == first


@pytest.mark.parametrize("target", ["out", "out/result.png"])
def test_one_file(photographs, tmp_path, target):
    summary = derain_folder(Identity(), photographs / "street" / "b.bmp", tmp_path / target)
    assert summary.written == [tmp_path / ("out/b.png" if target == "out" else target)]
    assert np.array_equal(np.asarray(Image.open(summary.written[0])), picture(33, 64, seed=2))


@pytest.mark.parametrize(
    ("source", "target"),
    [("in", "in"), ("in", "in/out"), ("in/a.png", "in"), ("in/a.png", "in/a.png")],
)
def test_sources_are_never_overwritten(photographs, tmp_path, source, target):
    before = contents(photographs)
    with pytest.raises(UserError, match="among the photographs"):
        derain_folder(Identity(), tmp_path / source, tmp_path / target)
    assert contents(photographs) == before


def test_sources_are_protected_behind_links(photographs, tmp_path):
    (tmp_path / "link").symlink_to(photographs)
    with pytest.raises(UserError, match="among the photographs"):
        derain_folder(Identity(), photographs, tmp_path / "link")


def test_results_are_kept_on_demand_and_before_any_work(photographs, tmp_path):
    (tmp_path / "out" / "street").mkdir(parents=True)
    (tmp_path / "out" / "street" / "b.png").write_bytes(b"mine")
    with pytest.raises(UserError, match=r"1 of 5 results exist already, such as .*street/b\.png"):
        derain_folder(Identity(), photographs, tmp_path / "out", existing="refuse")
    assert contents(tmp_path / "out") == {tmp_path / "out" / "street" / "b.png": b"mine"}


@pytest.mark.parametrize("here", [True, False])
def test_the_student_trained_here_comes_before_the_packaged_one(here, tmp_path, monkeypatch):
    packaged, trained = tmp_path / f"ssid/packaged/{DEFAULT}.safetensors", tmp_path / "trained"
    packaged.parent.mkdir(parents=True)
    packaged.touch()
    if here:
        trained.touch()
    monkeypatch.setattr("ssid.packaged.files", lambda package: tmp_path / package)
    assert choose_model(None, None, trained) == (trained if here else packaged)


def test_nothing_to_do_is_said(tmp_path):
    with pytest.raises(UserError, match="no file or folder"):
        derain_folder(Identity(), tmp_path / "nowhere", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no photographs"):
        derain_folder(Identity(), tmp_path / "empty", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_target_that_cannot_be_written_leaves_nothing(photographs, tmp_path):
    (tmp_path / "out").write_text("a file stands where the folder should be")
    with pytest.raises(UserError, match="cannot write"):
        derain_folder(Identity(), photographs, tmp_path / "out")
    assert (tmp_path / "out").read_text().startswith("a file")


def derain_and_die(photographs, target, at: int) -> None:
    """Derain in a process that is killed when it is to rename result number ``at``."""
    count = [at]

    def watch(event, arguments):
        if event == "os.rename":
            count[0] -= 1
            if count[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def action():
        sys.addaudithook(watch)
        derain_folder(Identity(), photographs, target)

    child = multiprocessing.get_context("fork").Process(target=action)
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("existing", ["keep", "replace"])
@pytest.mark.parametrize("before", [True, False])
def test_what_a_killed_run_left_unfinished_goes_with_the_next_run(
    photographs, tmp_path, existing, before
):
    derain_folder(Identity(), photographs, tmp_path / "whole")
    if before:
        derain_folder(Identity(), photographs, tmp_path / "out")
    derain_and_die(photographs, tmp_path / "out", at=2)
    assert list((tmp_path / "out").rglob("*.partial*"))
    derain_folder(Identity(), photographs, tmp_path / "out", existing=existing)
    assert below(tmp_path / "out") == below(tmp_path / "whole")
