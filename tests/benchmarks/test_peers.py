"""Peers on one table: what was measured is kept, but for other weights."""

import json

import pytest

from benchmarks import peers
from benchmarks.peers import Peer
from ssid.models import create_model


def contestant():
    return peers.of_network("rendered rain", create_model("ddn", channels=4, units=1))


def test_what_was_measured_is_kept_for_the_same_weights_alone():
    peer = contestant()
    new = peers.known_of(peer, {})
    assert new["parameters"] > 0
    measured = new | {"rain100l": {"psnr_y": 30.0, "ssim_y": 0.9}}
    assert peers.known_of(peer, measured) == measured
    retrained = peers.known_of(contestant(), measured)
    assert "rain100l" not in retrained
    assert retrained["weights"] != new["weights"]


def test_a_filter_has_no_weights_that_could_change():
    row = {"trained_on": "nothing", "rain100l": {"psnr_y": 24.8, "ssim_y": 0.69}}
    assert peers.known_of(Peer("nothing", lambda picture: picture), row) == row


def test_networks_take_turns_on_the_same_image():
    seen = []
    networks = {name: lambda image, name=name: seen.append((name, image)) for name in "ab"}
    taken = peers.latencies(networks, rounds=2)
    assert [name for name, _ in seen] == list("ab") * 3
    assert len({id(image) for _, image in seen}) == 1
    assert taken.keys() == {"a", "b"}


def test_what_is_not_known_is_an_empty_cell():
    row = {"rain100h": {"psnr_y": 24.8, "ssim_y": 0.69}}
    assert list(peers.cells(row)) == ["", "", "", "", "24.80 dB, 0.690", "", "", "", ""]


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """Return the titles of what was measured, where a network and a filter compete on two sets."""
    seen = []
    network = contestant()
    field = {
        "rainy": Peer("nothing", lambda picture: picture),
        "network": network,
        f"network, {peers.KEEP_VEIL}": peers.keeping_veil(network),
    }
    monkeypatch.setattr(peers, "RESULT", tmp_path / "peers.json")
    monkeypatch.setattr(peers, "SETS", ("rain100l", "rain100h"))
    monkeypatch.setattr(peers, "SIDE", 32)
    monkeypatch.setattr(peers, "load_peers", lambda data: field)

    def measure(title, *rest):
        seen.append(title)
        return {"psnr_y": 30.0, "ssim_y": 0.9}

    monkeypatch.setattr(peers, "measure_peer", measure)
    monkeypatch.setattr("sys.argv", ["peers", "--data", str(tmp_path), "--rounds", "1"])
    return seen


def test_an_interrupted_table_goes_on_and_a_finished_one_is_only_printed(measured, capsys):
    peers.main()
    assert len(measured) == 3 * 2
    kept = json.loads(peers.RESULT.read_text("utf-8"))
    timed = [name for name, row in kept["rows"].items() if peers.SECONDS in row]
    assert timed == ["network"]  # what is done to estimates has no time of its own
    del kept["rows"]["network"]["rain100h"]
    peers.RESULT.write_text(json.dumps(kept))
    peers.main()
    assert measured[6:] == ["network, rain100h"]
    assert "30.00 dB, 0.900 | 30.00 dB, 0.900" in capsys.readouterr().out
