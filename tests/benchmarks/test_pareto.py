"""Quality against time: what is preferable to what, and a picture that is the same every time."""

import json

import numpy as np
import pytest

from benchmarks import pareto
from benchmarks.peers import Peer
from ssid.models import create_model


def point(seconds, decibels):
    return {"median, s": seconds, "rain100l": decibels, "rain100h": decibels}


POINTS = {
    "packaged, small": point(0.2, 30),
    "slow and good": point(8, 33),
    "slower and worse": point(9, 32),
    "as fast and worse": point(0.2, 29),
    "untrained": {"median, s": 20},
    "fast": point(0.04, 29),
    "for light rain": {"median, s": 0.1, "rain100l": 29.5},
}


def test_what_is_slower_and_no_better_is_not_on_the_frontier():
    assert pareto.frontier(POINTS, "rain100l") == [
        "fast",
        "for light rain",
        "packaged, small",
        "slow and good",
    ]
    assert "for light rain" not in pareto.frontier(POINTS, "rain100h")


def test_the_table_shows_shares_of_the_packaged_student():
    rows = list(pareto.table(POINTS))
    assert rows[-2] == ["fast", "40", "0.20", "29.00 dB", "29.00 dB"]
    assert rows[-1] == ["for light rain", "100", "0.50", "29.50 dB", ""]


def test_the_picture_names_every_network_and_is_the_same_every_time(tmp_path):
    files = tmp_path / "a.svg", tmp_path / "b.svg"
    for file in files:
        pareto.draw(POINTS, file)
    drawn = files[0].read_text("utf-8")
    assert all(name in drawn for name in POINTS)
    assert drawn == files[1].read_text("utf-8")


def test_networks_take_turns_on_the_same_image():
    seen = []
    networks = {name: lambda image, name=name: seen.append((name, image)) for name in "ab"}
    taken = pareto.latencies(networks, rounds=2)
    assert [name for name, _ in seen] == list("ab") * 3
    assert len({id(image) for _, image in seen}) == 1
    assert taken.keys() == {"a", "b"}


def test_briefly_trained_networks_have_the_figures_of_their_table():
    points = pareto.briefly_trained()
    assert points.keys() | pareto.UNTRAINED.keys() == pareto.without_weights().keys()
    assert points["RRG 16, 600 steps"]["rain100h"] == pytest.approx(21.15, abs=0.01)
    assert points["RRG 8, 600 steps"]["rain100h"] == pytest.approx(20.94, abs=0.01)


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """Return the images that were derained, of two black pairs in each set."""
    black, seen = np.zeros((32, 32, 3), np.uint8), []
    monkeypatch.setattr(pareto, "list_pairs", lambda data, place: [place, place])
    monkeypatch.setattr(pareto, "open_pair", lambda place: (black, black))
    monkeypatch.setattr(pareto, "RESULT", tmp_path / "pareto.json")
    return seen


def test_what_was_measured_with_the_same_weights_is_kept(measured, tmp_path):
    def peer(trained_on):
        network = create_model("ddn", channels=4, units=1)
        return Peer(trained_on, lambda image: measured.append(image) or image, network)

    peers = {"light": peer("Rain100L"), "any": peer("rendered rain")}
    points = pareto.qualities(peers, tmp_path, None)
    assert [len(points[name].keys() & {*pareto.PAIRS}) for name in peers] == [1, 2]
    assert len(measured) == 2 + 4
    assert pareto.qualities(peers, tmp_path, None) == points
    assert len(measured) == 2 + 4
    pareto.qualities(peers | {"any": peer("rendered rain")}, tmp_path, None)
    assert len(measured) == 2 + 4 + 4
    assert json.loads((tmp_path / "pareto.json").read_text())["points"]["light"] == points["light"]
