"""A disk that is full, faulty or read-only costs one message, and nothing that was there before.

The long version, at every operation: pytest -m long -n 0 tests/training/test_faults.py
"""

import pytest

from ssid.data.params import RealSet
from ssid.data.prepare import prepare
from support.faults import ERRORS, complaint, failing, positions
from support.training_runs import remains

SHORT = {"steps": 4, "validate_every": 2, "checkpoint_every": 2, "log_every": 2, "probe_every": 4}


def train_on_bad_disks(new_run, capsys, wanted: int | None) -> int:
    whole = new_run("whole", distill=False)
    with failing(whole.folder, None) as disk:
        whole.train(**SHORT)
    places = positions(len(disk.operations), wanted)
    for at in places:
        number, run = ERRORS[at % len(ERRORS)], new_run(f"run{at}", distill=False)
        run.output.parent.mkdir(parents=True)
        run.output.write_bytes(b"an older student")
        with failing(run.folder, at, number):
            failed = complaint(capsys, number, lambda run=run: run.train(**SHORT))
        if failed:
            found = run.output.read_bytes()
            assert found in (b"an older student", whole.output.read_bytes())
        run.train(**SHORT)
        assert remains(run) == remains(whole), disk.operations[at - 1]
    return len(places)


def test_training_on_a_bad_disk(new_run, capsys):
    assert train_on_bad_disks(new_run, capsys, 8) >= 8


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_training_on_a_disk_that_fails_at_any_operation(new_run, capsys):
    count = train_on_bad_disks(new_run, capsys, None)
    with capsys.disabled():
        print(f"\n{count} faults in training survived")


def prepare_on_bad_disks(tmp_path, photographs, capsys, wanted: int | None) -> int:
    block = RealSet(root=str(photographs), layout="photographs", rain="standin")

    def contents(folder):
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    def run(folder):
        prepare("real", "a", block, folder / "a", 1)

    with failing(tmp_path / "whole", None) as disk:
        run(tmp_path / "whole")
    expected, places = contents(tmp_path / "whole"), positions(len(disk.operations), wanted)
    for at in places:
        number, folder = ERRORS[at % len(ERRORS)], tmp_path / str(at)
        run(folder)
        with failing(folder, at, number):
            complaint(capsys, number, lambda folder=folder: run(folder))
        assert contents(folder) == expected, disk.operations[at - 1]
        run(folder)
        assert contents(folder) == expected, disk.operations[at - 1]
    return len(places)


def test_preparing_on_a_bad_disk(tmp_path, photographs, capsys):
    assert prepare_on_bad_disks(tmp_path, photographs, capsys, 8) >= 8


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_preparing_on_a_disk_that_fails_at_any_operation(tmp_path, photographs, capsys):
    count = prepare_on_bad_disks(tmp_path, photographs, capsys, None)
    with capsys.disabled():
        print(f"\n{count} faults in preparing survived")
