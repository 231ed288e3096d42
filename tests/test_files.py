"""Files that are written whole or not at all."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from ssid.files import (
    atomic_write,
    check_writable,
    remove_all_leftovers,
    remove_leftovers,
    replace_folder,
)

WRITING = """
import sys, time
from pathlib import Path
from ssid.files import atomic_write
with atomic_write(Path(sys.argv[1])) as partial:
    partial.write_text("a part")
    print(partial, flush=True)
    sys.stdin.read()
    partial.write_text("theirs")
"""


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "result.png"


@pytest.fixture
def writer(file):
    """Return what starts another process that writes, and waits in the middle of it."""
    started = []

    def start() -> subprocess.Popen:
        command = [sys.executable, "-c", WRITING, str(file)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        started.append(subprocess.Popen(command, text=True, **pipes))
        assert "partial" in started[-1].stdout.readline()
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def kill(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def write(file: Path, text: str) -> None:
    with atomic_write(file) as partial:
        partial.write_text(text)


def names(file: Path) -> list[str]:
    return sorted(path.name for path in file.parent.iterdir())


def test_what_killed_processes_left_goes_with_the_next_result(file, writer):
    processes = [writer() for _ in range(3)]
    for process in processes:
        kill(process)
    assert len(names(file)) == 3
    write(file, "mine")
    assert names(file) == [file.name]
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    "clear", [remove_leftovers, lambda file: remove_all_leftovers(file.parent)]
)
def test_what_a_living_process_writes_stays(file, writer, clear):
    living, killed = writer(), writer()
    kill(killed)
    write(file, "mine")
    clear(file)
    assert len(names(file)) == 2
    living.communicate("")
    assert names(file) == [file.name]
    assert file.read_text() == "theirs"


@pytest.mark.parametrize("use", [check_writable, lambda path: write(path, "mine")])
def test_a_folder_in_the_way_of_a_file_stays(file, use):
    file.mkdir()
    with pytest.raises(IsADirectoryError) as caught:
        use(file)
    assert caught.value.filename == str(file)
    assert names(file) == [file.name]


def test_a_place_is_tried_without_a_trace(file):
    check_writable(file)
    assert names(file) == []
    write(file, "old")
    check_writable(file)
    assert names(file) == [file.name]
    assert file.read_text() == "old"
    with pytest.raises(FileExistsError):
        check_writable(file / "below")


def test_leftovers_of_other_files_stay(file, writer):
    kill(writer())
    before = names(file)
    write(file.with_name("result.jpg"), "another")
    remove_leftovers(file.with_name("result2.png"))
    assert names(file) == [*before, "result.jpg"]


@pytest.mark.parametrize("length", [190, 230, 251])
def test_names_may_be_as_long_as_the_disk_takes_them(tmp_path, length):
    file = tmp_path / ("ä" * (length // 2) + ".png")
    write(file, "mine")
    assert names(file) == [file.name]


def test_a_disk_that_knows_no_locks_is_written_to(file, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    write(file, "mine")
    assert names(file) == [file.name]


def test_what_another_user_left_is_gone_round(file, monkeypatch):
    theirs, opened = file.with_name(f".{file.stem}.0.partial.png"), os.open
    theirs.touch()

    def refuse(path, *arguments):
        if path == theirs:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, *arguments)

    monkeypatch.setattr(os, "open", refuse)
    write(file, "mine")
    assert names(file) == [theirs.name, file.name]


def test_a_process_takes_no_file_that_has_just_become_the_result(file, monkeypatch):
    """Between opening it and holding it, the process that wrote it may have put it in its place."""
    hold, calls = fcntl.flock, count()

    def be_overtaken(descriptor, operation):
        if next(calls) == 0:
            file.with_name(f".{file.stem}.0.partial.png").replace(file)
            file.write_text("theirs")
        hold(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", be_overtaken)
    with pytest.raises(ZeroDivisionError), atomic_write(file):
        print(1 / 0)
    assert names(file) == [file.name]
    assert file.read_text() == "theirs"


@pytest.fixture
def folders(tmp_path) -> tuple[Path, Path]:
    """Return a new folder, and an old one whose place it is to take."""
    new, old = tmp_path / "new", tmp_path / "old"
    for folder in (new, old):
        folder.mkdir()
        (folder / "file").write_text(folder.name)
    return new, old


def test_a_folder_takes_the_place_of_another(folders):
    new, old = folders
    replace_folder(new, old)
    assert (old / "file").read_text() == "new"
    assert names(old) == ["old"]


@pytest.mark.parametrize("at", [1, 2])
def test_a_folder_comes_back_if_another_cannot_take_its_place(folders, monkeypatch, at):
    new, old = folders
    rename, calls = os.rename, count(1)

    def fail(*paths):
        if next(calls) == at:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rename(*paths)

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(OSError, match="Input/output"):
        replace_folder(new, old)
    assert (old / "file").read_text() == "old"
    assert names(old) == ["new", "old"]
