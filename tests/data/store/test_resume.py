import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from ssid.data import prepare as prepare_module
from ssid.data.ordered import IN_FLIGHT
from ssid.data.params import RealSet, SyntheticSet
from ssid.data.prepare import prepare
from ssid.data.store.journal import JOURNAL
from ssid.data.store.writer import StoreWriter, replacing
from ssid.errors import UserError
from support.hostile import photograph
from support.repository import ROOT

PHOTOGRAPHS = 6
NAMES = ["0.png", "1.png", "2.png", "3.bad.png", "3.png", "4.png", "5.png"]


def photographs(root, count=PHOTOGRAPHS):
    root.mkdir()
    for i in range(count):
        Image.fromarray(photograph(i)).save(root / f"{i}.png")
    return root


def contents(path):
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def killed(root, output, cases):
    """Prepare and kill as ``cases`` say, then prepare to the end; return what each run decoded."""
    script = Path(__file__).with_name("killing.py")
    arguments = [sys.executable, str(script), str(root), str(output), cases]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(arguments, check=True, env=environment, capture_output=True, text=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = photographs(tmp_path_factory.mktemp("killed") / "in")
    (root / "3.bad.png").write_bytes(b"no image")
    return root


@pytest.fixture(scope="module")
def expected(root):
    block = SyntheticSet(root=str(root), layout="photographs", rain="rain100l", renderings=2)
    prepare("synthetic", "demo", block, root.parent / "expected", 1)
    return contents(root.parent / "expected")


def test_a_killed_run_continues_to_the_same_bytes(root, expected, tmp_path):
    # Killed at the start; before the line of its third image; in that of the fourth; before that
    # of the fifth; when all images are stored; when all is written.
    decoded = killed(root, tmp_path / "out", "start 3 ~4 5 catalogue unlink")
    stored = [0, 2, 5, 9, 14, 14]
    assert contents(tmp_path / "out") == expected
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    jobs = [f"{name} {rendering}" for name in NAMES for rendering in (0, 1)]
    for first, last, names in zip([0, *stored], [*stored, len(jobs)], decoded, strict=True):
        assert names == jobs[first : first + len(names)]
        assert last - first <= len(names) <= last - first + 1 + IN_FLIGHT


def interrupt(monkeypatch, block, destination, after):
    """Prepare with two workers, and interrupt it after so many images."""
    add, count = StoreWriter.add, 0

    def add_or_stop(*arguments):
        nonlocal count
        count += 1
        if count > after:
            raise KeyboardInterrupt
        return add(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(StoreWriter, "add", add_or_stop)
        with pytest.raises(KeyboardInterrupt):
            prepare("real", "a", block, destination, 2)


def count_decoded(monkeypatch, block, destination):
    """Prepare to the end, and return how many images were decoded for that."""
    make, names = prepare_module.make_image, []

    def make_and_count(*arguments):
        names.append(arguments[2].name)
        return make(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(prepare_module, "make_image", make_and_count)
        prepare("real", "a", block, destination, 2)
    return len(names)


def damage(tmp_path):
    array = tmp_path / "out.partial" / "rainy.npy"
    data = bytearray(array.read_bytes())
    data[300] ^= 1
    array.write_bytes(data)


def cut(tmp_path):
    array = tmp_path / "out.partial" / "rainy.npy"
    array.write_bytes(array.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("change", "redone"),
    [
        (lambda path: None, 2),
        (damage, 6),
        (cut, 6),
        (lambda path: (path / "in" / "0.png").touch(), 6),
        (lambda path: (path / "in" / "5.png").unlink(), 5),
        (lambda path: (path / "out.partial" / JOURNAL).unlink(), 6),
    ],
)
def test_only_intact_images_of_the_same_work_are_kept(monkeypatch, tmp_path, change, redone):
    block = RealSet(root=str(photographs(tmp_path / "in")), layout="photographs")
    interrupt(monkeypatch, block, tmp_path / "out", after=4)
    change(tmp_path)
    assert count_decoded(monkeypatch, block, tmp_path / "out") == redone
    prepare("real", "a", block, tmp_path / "expected", 1)
    assert contents(tmp_path / "out") == contents(tmp_path / "expected")


def test_other_settings_begin_again_and_leave_nothing_of_the_first(monkeypatch, tmp_path):
    block = RealSet(root=str(photographs(tmp_path / "in")), layout="photographs")
    interrupt(monkeypatch, block, tmp_path / "out", after=4)
    (tmp_path / "out.partial" / "clean.npy").touch()
    other = block.model_copy(update={"max_side": 48})
    assert count_decoded(monkeypatch, other, tmp_path / "out") == PHOTOGRAPHS
    assert not (tmp_path / "out" / "clean.npy").exists()


def test_an_archive_is_unpacked_again_but_not_decoded_again(monkeypatch, tmp_path):
    photographs(tmp_path / "in")
    archive = shutil.make_archive(str(tmp_path / "set"), "zip", tmp_path / "in")
    block = RealSet(root=archive, layout="photographs")
    interrupt(monkeypatch, block, tmp_path / "out", after=4)
    assert count_decoded(monkeypatch, block, tmp_path / "out") == 2


def test_two_runs_do_not_meet(tmp_path):
    block = RealSet(root=str(photographs(tmp_path / "in")), layout="photographs")
    with replacing(tmp_path / "out") as folder:
        (folder / "mine").touch()
        with pytest.raises(UserError, match="another process is at work on"):
            prepare("real", "a", block, tmp_path / "out", 1)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]
    assert prepare("real", "a", block, tmp_path / "out", 1).images == PHOTOGRAPHS
