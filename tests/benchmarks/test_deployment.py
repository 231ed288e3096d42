"""Tables of deployment: turns, rows that are kept, and flicker that is known."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.deployment import __main__ as command
from benchmarks.deployment import inputs, photographs, video
from benchmarks.deployment.plan import Group, Plan
from benchmarks.deployment.tables import show, summary
from benchmarks.timing import in_turns, spread
from ssid.errors import UserError
from ssid.inference.runtime import Runner
from support.repository import ROOT

SHARP = Runner("a copy", lambda images: images, 1, lambda: 0, lambda: 16.0)


def test_calls_take_turns_and_the_first_round_does_not_count():
    seen = []
    taken = in_turns([lambda: seen.append("a"), lambda: seen.append("b")], rounds=2)
    assert seen == ["a", "b"] * 3
    assert [len(seconds) for seconds in taken] == [2, 2]


def test_the_spread_of_one_value_is_that_value():
    assert spread([3.0], "m") == {"median, m": 3, "first quartile": 3, "third quartile": 3}
    assert spread([1.0, 2.0, 9.0])["median, s"] == 2


def test_rows_of_the_same_weights_are_kept_and_those_of_others_measured_again(
    tmp_path, monkeypatch
):
    file, weights, taken = tmp_path / "rows.json", {"nano": "a", "small": "b"}, []
    monkeypatch.setattr(command, "packaged_student", lambda size: size)
    monkeypatch.setattr(command, "sha256", lambda size: weights[size])

    def group(size):
        return Group(size, [size], lambda: taken.append(size) or [{"size": size, "s": 0.5}])

    both = [group("nano"), group("small")]
    rows = command.measure(file, "t", both)
    assert command.measure(file, "t", both) == rows
    assert taken == ["nano", "small"]
    weights["small"] = "other"
    command.measure(file, "t", both)
    assert taken == ["nano", "small", "small"]
    assert json.loads(file.read_text("utf-8"))["t"].keys() == {"nano", "small"}


def test_what_was_measured_is_on_disk_before_the_next_group_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "packaged_student", lambda size: size)
    monkeypatch.setattr(command, "sha256", str)

    def fail():
        raise InterruptedError

    groups = [Group("first", ["nano"], lambda: [{"s": 1.0}]), Group("second", ["nano"], fail)]
    with pytest.raises(InterruptedError):
        command.measure(tmp_path / "rows.json", "t", groups)
    assert json.loads((tmp_path / "rows.json").read_text("utf-8"))["t"]["first"]["rows"]


def test_a_table_that_there_is_not_is_named():
    with pytest.raises(UserError, match="no table latencies"):
        command._chosen(["latencies"], None)
    assert "flicker" not in command._chosen([], None)


def rows_of(table):
    """Return the rows that the command wrote."""
    groups = json.loads((ROOT / command.RESULT).read_text("utf-8"))[table].values()
    return [row for group in groups for row in group["rows"]]


@pytest.mark.parametrize("table", command.TABLES)
def test_the_page_shows_what_the_command_wrote(table):
    assert show(table, rows_of(table)) in (ROOT / "benchmarks/README.md").read_text("utf-8")


def test_the_first_page_shows_latency():
    rows = rows_of("latency-1") + rows_of("latency-2")
    assert summary(rows) in (ROOT / "README.md").read_text("utf-8")


def test_one_value_has_no_spread():
    row = {"size": "nano", "video": "v", "first quartile": 2.0, "third quartile": 2.0}
    assert show("videos", [row | {"median, frames/s": 2.0}]).endswith("| nano | 2 |")


def test_every_way_goes_through_the_whole_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(photographs, "open_runner", lambda *_: SHARP)
    plan = Plan(tmp_path, 1, small=40, large=2, frames=2, video=None)
    for name in ("SMALL", "LARGE"):
        monkeypatch.setattr(photographs, name, (40, 48))
    monkeypatch.setattr(photographs, "SIZES", ["nano"])
    groups = photographs.folders(plan)
    for group in groups:
        assert [row["median, images/s"] > 0 for row in group.take()] == [True] * 3
    assert len(list((tmp_path / "small").rglob("*.jpg"))) == 40
    assert len(list((tmp_path / "large").rglob("*.jpg"))) == 2


def test_flicker_is_the_change_where_the_scene_stands_still(tmp_path):
    dark, bright = (np.full((32, 48, 3), level, np.uint8) for level in (60, 80))
    half = dark.copy()
    half[:, 24:] = 200  # what moves does not count
    clean, rainy = tmp_path / "clean.mp4", tmp_path / "rainy.mp4"
    inputs.write_video(clean, [dark, half, dark])
    inputs.write_video(rainy, [dark, bright, dark])
    static = [change <= video.STEADY for change in inputs.changes(clean)]
    assert np.mean(static) == pytest.approx(0.5, abs=0.15)
    assert video.flicker(clean, static) < 0.5
    assert video.flicker(rainy, static) == pytest.approx(20, abs=1.5)


def test_a_video_is_read_with_even_sides(tmp_path):
    inputs.write_still_video(tmp_path / "v.mp4", (64, 48), 3)
    frames = inputs.read_frames(Path(tmp_path / "v.mp4"), 2)
    assert [frame.shape for frame in frames] == [(48, 64, 3)] * 2
