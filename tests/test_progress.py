import io
import re
import sys

import pytest

from ssid import progress
from ssid.data.sources import listing
from ssid.progress import tally, track


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    """A clock that only work moves."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def lines_of(capsys):
    output = capsys.readouterr()
    assert output.out == ""
    assert "\r" not in output.err
    return output.err.splitlines()


def work(clock, count, seconds, total=None):
    for _ in track(range(count), count if total is None else total, "derain"):
        clock.now += seconds


@pytest.mark.parametrize("terminal", [True, False])
def test_items_pass_through_unchanged_and_lazily(monkeypatch, terminal):
    monkeypatch.setattr(sys, "stderr", Terminal() if terminal else io.StringIO())
    asked = []
    items = track((asked.append(i) or i for i in range(5)), 5, "derain")
    assert next(items) == 0
    assert asked == [0]
    assert list(items) == [1, 2, 3, 4]


def test_terminal_gets_a_bar_with_rate_and_remaining_time(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert list(track(range(20), 20, "derain")) == list(range(20))
    last = terminal.getvalue().split("\r")[-1]
    assert re.search(r"derain: 100%.*20/20 \[\d\d:\d\d<\d\d:\d\d, .*it/s\]", last)


def test_work_of_a_moment_says_no_line_in_between(clock, capsys):
    work(clock, count=100, seconds=1 / 64)
    assert lines_of(capsys) == ["derain: 100 to do", "derain: 100 done in 00:01"]


def test_quick_work_says_a_line_every_tenth(clock, capsys):
    work(clock, count=1000, seconds=1 / 32)
    lines = lines_of(capsys)
    assert lines[0] == "derain: 1000 to do"
    assert [line.split()[1] for line in lines[1:-1]] == [f"{n}/1000" for n in range(100, 1000, 100)]
    assert lines[-1] == "derain: 1000 done in 00:31"


def test_slow_work_says_a_line_every_thirty_seconds(clock, capsys):
    work(clock, count=100, seconds=7)
    lines = lines_of(capsys)
    assert [line.split()[1] for line in lines[1:4]] == ["5/100", "10/100", "15/100"]
    assert "5%" in lines[1]


def test_rate_and_remaining_time(clock, capsys):
    work(clock, count=10, seconds=0.5)
    assert "derain: 4/10 (40%), 2/s, 00:03 left" in lines_of(capsys)


@pytest.mark.parametrize(("count", "total"), [(0, 0), (1, 1), (3, 5), (7, 5)])
def test_end_states_what_was_really_done(clock, capsys, count, total):
    work(clock, count, seconds=1, total=total)
    lines = lines_of(capsys)
    assert lines[0] == f"derain: {total} to do"
    assert lines[-1] == f"derain: {count} done in 00:0{count}"


def test_work_that_fails_never_says_done(clock, capsys):
    def failing():
        yield 0
        raise RuntimeError

    with pytest.raises(RuntimeError):
        list(track(failing(), 3, "derain"))
    assert not any("done" in line for line in lines_of(capsys))


def counted(clock, count, seconds):
    for _ in tally(range(count), "list"):
        clock.now += seconds


def test_an_unknown_number_is_counted_aloud_once_it_takes_long(clock, capsys):
    counted(clock, count=200, seconds=1 / 128)
    assert lines_of(capsys) == []
    counted(clock, count=40, seconds=1)
    assert lines_of(capsys) == ["list: 2 so far", "list: 32 so far"]


def test_a_terminal_gets_a_running_number_of_what_is_counted(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "QUIET_PAUSE", 0)
    assert list(tally(iter(range(20)), "list")) == list(range(20))
    assert "list: 20it" in terminal.getvalue().split("\r")[-1]


def test_a_large_folder_is_listed_aloud(clock, capsys, monkeypatch, tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.png").touch()
    check = listing.check_inside
    monkeypatch.setattr(
        listing,
        "check_inside",
        lambda *paths: setattr(clock, "now", clock.now + 2) or check(*paths),
    )
    assert len(listing.list_folder(tmp_path).photographs) == 3
    assert lines_of(capsys) == [f"list files in {tmp_path}: 1 so far"]
