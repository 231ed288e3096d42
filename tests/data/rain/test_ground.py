"""Ground that looks like rain: turned photographs, and ribs."""

import numpy as np
import pytest

from ssid.data.rain.ground import PERIOD, ribbed, turned

GREY = np.full((200, 240, 3), 200, np.uint8)


def test_what_lay_flat_stands_and_nothing_is_lost():
    picture = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    assert turned(picture).shape == (3, 2, 3)
    assert np.array_equal(np.rot90(turned(picture), -1), picture)
    assert np.array_equal(turned(picture)[:, 0], picture[0, ::-1])


@pytest.mark.parametrize("seed", range(8))
def test_ribs_dim_grooves_alone_and_are_as_regular_as_their_period(seed):
    picture = ribbed(GREY, seed)
    assert picture.dtype == np.uint8
    assert picture.max() == 200
    assert 200 * 0.3 - 1 <= picture.min() < 200 * 0.85 + 1
    row = picture[-1, -100:, 0].astype(float)
    spectrum = np.abs(np.fft.rfft(row - row.mean()))
    frequency = spectrum.argmax() / 100
    assert 1 / PERIOD[1] - 0.01 <= frequency <= 1 / PERIOD[0] + 0.01


def test_ribs_depend_on_the_seed_alone():
    pictures = [ribbed(GREY, seed) for seed in (0, 0, 1)]
    assert np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])
