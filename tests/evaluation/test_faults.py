"""An evaluation on a disk that fails leaves the one before it."""

import pytest

from support.evaluation_project import evaluate
from support.faults import ERRORS, complaint, failing, positions


def evaluate_on_bad_disks(project, tmp_path, capsys, wanted: int | None) -> int:
    output = tmp_path / "evaluation"
    with failing(tmp_path, None) as disk:
        evaluate(project, output)
    before = {path for path in output.rglob("*") if path.is_file()}
    places = positions(len(disk.operations), wanted)
    for at in places:
        number = ERRORS[at % len(ERRORS)]
        with failing(tmp_path, at, number):
            complaint(capsys, number, lambda: evaluate(project, output))
        after = {path for path in output.rglob("*") if path.is_file()}
        assert after == before, disk.operations[at - 1]
    evaluate(project, output)
    return len(places)


def test_evaluating_on_a_bad_disk(project, tmp_path, capsys):
    assert evaluate_on_bad_disks(project, tmp_path, capsys, 5) >= 5


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_evaluating_on_a_disk_that_fails_at_any_operation(project, tmp_path, capsys):
    count = evaluate_on_bad_disks(project, tmp_path, capsys, None)
    with capsys.disabled():
        print(f"\n{count} faults in evaluating survived")
