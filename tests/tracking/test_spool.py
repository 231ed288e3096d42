"""Records are kept on disk, each once, whatever happens to the process that makes them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssid.tracking.delivery import Post, waiting
from ssid.tracking.spool import (
    EVENTS,
    RUN,
    SENT,
    Sent,
    Spool,
    close,
    last_state,
    lines_of,
    open_spool,
    read_sent,
    spools,
    unsent,
)
from ssid.tracking.store import Run, send
from ssid.tracking.sync import sync


def opened(folder, key="a", stage="distill"):
    return open_spool(folder, "sqlite:///x.db", stage, key, {"stage": stage})


def kinds(spool):
    return [event["kind"] for event, _ in unsent(spool.folder, 0)]


def rows(spool):
    return [
        (name, event["step"], value)
        for event, _ in unsent(spool.folder, 0)
        if event["kind"] == "metrics"
        for name, value in event["value"].items()
    ]


def test_a_run_that_was_cut_and_repeats_steps_records_each_once(tmp_path):
    spool = opened(tmp_path)
    for step in range(1, 6):
        spool.metrics({"loss": 1 / step}, step)
    spool.add("params", value={"lr": 0.1})
    again = opened(tmp_path)
    assert again.folder == spool.folder
    for step in range(3, 9):
        again.metrics({"loss": 1 / step, "psnr": 20.0 + step}, step)
    again.add("params", value={"lr": 0.1})
    assert [row for row in rows(again) if row[0] == "loss"] == [
        ("loss", step, 1 / step) for step in range(1, 9)
    ]
    assert [step for name, step, _ in rows(again) if name == "psnr"] == list(range(3, 9))
    assert kinds(again).count("params") == 1


@given(cut=st.integers(1, 60))
def test_a_line_that_is_cut_short_is_recorded_again(tmp_path_factory, cut):
    folder = tmp_path_factory.mktemp("spool")
    spool = opened(folder)
    for step in (1, 2):
        spool.metrics({"loss": 0.5}, step)
    file = spool.folder / EVENTS
    file.write_bytes(file.read_bytes()[:-cut])
    again = opened(folder)
    again.metrics({"loss": 0.5}, 2)
    assert rows(again) == [("loss", 1, 0.5), ("loss", 2, 0.5)]


def test_work_of_another_kind_ends_what_was_cut(tmp_path):
    first = opened(tmp_path, "a")
    second = opened(tmp_path, "b")
    assert first.folder != second.folder
    assert kinds(first) == ["status", "status", "end"]
    assert last_state(first.folder) == "ended"
    assert last_state(second.folder) == "RUNNING"
    third = opened(tmp_path, "a")  # what has ended is not gone on with
    assert third.folder != first.folder
    assert len(spools(tmp_path)) == 3


def test_a_run_that_was_stopped_runs_again(tmp_path):
    spool = opened(tmp_path)
    spool.status("KILLED")
    assert last_state(spool.folder) == "KILLED"
    again = opened(tmp_path)
    assert (again.folder, last_state(again.folder)) == (spool.folder, "RUNNING")


def test_closing_twice_changes_nothing(tmp_path):
    spool = opened(tmp_path)
    close(spool.folder)
    before = (spool.folder / EVENTS).read_bytes()
    close(spool.folder)
    assert (spool.folder / EVENTS).read_bytes() == before


def test_what_was_not_sent_begins_behind_what_was(tmp_path):
    spool = opened(tmp_path)
    spool.metrics({"loss": 1.0}, 1)
    ends = [line.end for line in unsent(spool.folder, 0)]
    assert [line.event["kind"] for line in unsent(spool.folder, ends[0])] == ["metrics"]
    assert list(unsent(spool.folder, ends[1])) == []
    assert read_sent(spool.folder).offset == 0


@given(st.binary(max_size=300))
def test_no_content_of_the_file_is_an_error(content):
    list(lines_of(content))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e-300])
def test_every_number_comes_back(tmp_path, value):
    spool = opened(tmp_path)
    spool.metrics({"loss": value}, 1)
    [(_, _, found)] = rows(Spool(spool.folder))
    assert json.dumps(found) == json.dumps(value)


NO_ORIGINS = [b"", b"[]", b"\xff\xfe", b'{"uri": 1}', b"[" * 100_000]
NO_NOTES = [b"", b"[]", b"\xff", b'{"offset": "x"}', b'{"offset": -5}', b'{"offset": 999999}']
NO_RECORDS = [
    *(b"5", b"[]", b"null", b"{}", b'{"kind": 7}', b"\xff\xfe", b"[" * 100_000),
    *(b'{"kind": "metrics"}', b'{"kind": "status"}'),
    b'{"kind": "metrics", "step": "x", "time": 1, "value": {"loss": 1.0}}',
    b'{"kind": "metrics", "step": 1, "time": 1, "value": {"loss": "x"}}',
]


@pytest.mark.parametrize("content", NO_ORIGINS)
def test_a_damaged_spool_stops_nothing_and_is_named(tmp_path, caplog, content):
    folder = tmp_path / "runs" / "distill" / "tracking"
    spoiled = opened(folder)
    (spoiled.folder / RUN).write_bytes(content)
    spool = opened(folder)
    assert spool.folder != spoiled.folder
    assert f"{spoiled.folder} are damaged" in caplog.text
    assert spools(folder) == [spool.folder]
    assert Post().deliver([spoiled.folder]) == {}
    assert f"{spoiled.folder} is damaged" in next(sync(tmp_path / "runs"))


@pytest.mark.parametrize("content", NO_NOTES)
def test_what_was_sent_is_sent_again_if_nobody_can_say(tmp_path, content):
    spool = opened(tmp_path)
    (spool.folder / SENT).write_bytes(content)
    assert read_sent(spool.folder) == Sent()
    assert waiting(spool.folder) == 1


@pytest.mark.parametrize("content", NO_RECORDS)
def test_lines_that_are_no_records_are_passed_over(tmp_path, content):
    spool = opened(tmp_path)
    spool.metrics({"loss": 1.0}, 1)
    with (spool.folder / EVENTS).open("ab") as file:
        file.write(content + b"\n")
    again = opened(tmp_path)
    again.metrics({"loss": 2.0}, 2)
    assert rows(again) == [("loss", 1, 1.0), ("loss", 2, 2.0)]
    assert last_state(again.folder) == "RUNNING"


@pytest.mark.parametrize("name", ["../run.json", "/etc/hostname", "a/../../run.json"])
def test_no_record_sends_a_file_from_elsewhere(tmp_path, name):
    with pytest.raises(ValueError, match="not among the files"):
        send(Run(None, "id", tmp_path / "files"), [{"kind": "file", "name": name}])
