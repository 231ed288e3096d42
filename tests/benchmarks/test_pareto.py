"""Quality against time: what is preferable to what, and a picture that is the same every time."""

import json

import pytest
from matplotlib.figure import Figure

from benchmarks import pareto
from benchmarks.peers import Peer, digest
from ssid.errors import UserError
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


def test_no_name_lies_on_another_or_on_a_point():
    close = {name: (100 * 1.05**i, 30 + 0.05 * i) for i, name in enumerate(("one", "two", "three"))}
    axes = Figure().subplots()
    axes.set(xlim=(10, 1000), ylim=(28, 32), xscale="log")
    pareto.label_points(axes, close)
    boxes = [label.get_window_extent() for label in axes.texts]
    assert [box.count_overlaps(boxes) for box in boxes] == [1, 1, 1]  # with itself
    marks = axes.transData.transform(list(close.values()))
    assert not any(box.contains(*mark) for box in boxes for mark in marks)


def test_briefly_trained_networks_have_the_figures_of_their_table():
    points = pareto.briefly_trained()
    assert points.keys() | pareto.UNTRAINED.keys() == pareto.without_weights().keys()
    assert points["RRG 16, 600 steps"]["rain100h"] == pytest.approx(21.15, abs=0.01)
    assert points["RRG 8, 600 steps"]["rain100h"] == pytest.approx(20.94, abs=0.01)


def test_quality_is_what_was_measured_with_the_same_weights(monkeypatch, tmp_path):
    network = create_model("ddn", channels=4, units=1)
    light = Peer("Rain100L", lambda picture: picture, network)
    row = {"weights": digest(network), "rain100l": {"psnr_y": 30.5, "ssim_y": 0.9}}
    monkeypatch.setattr(pareto, "PEERS", tmp_path / "peers.json")
    pareto.PEERS.write_text(json.dumps({"rows": {"light": row, "any": row}}))
    assert pareto.qualities({"light": light}) == {"light": {"rain100l": 30.5}}
    with pytest.raises(UserError, match=r"'any' was not measured .* on rain100l and rain100h"):
        pareto.qualities({"any": light._replace(trained_on="rendered rain")})
    retrained = light._replace(network=create_model("ddn", channels=4, units=1))
    with pytest.raises(UserError, match=r"'light' was not measured with these weights on rain100l"):
        pareto.qualities({"light": retrained})
