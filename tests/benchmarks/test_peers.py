"""Peers on one table: what was measured is kept, but for other weights."""

from benchmarks import peers
from benchmarks.peers import Peer
from ssid.models import create_model


def contestant():
    return Peer("rendered rain", lambda picture: picture, create_model("ddn", channels=4, units=1))


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


def test_what_is_not_known_is_an_empty_cell():
    row = {"rain100h": {"psnr_y": 24.8, "ssim_y": 0.69}}
    assert list(peers.cells(row)) == ["", "", "", "24.80 dB, 0.690", "", "", "", ""]
