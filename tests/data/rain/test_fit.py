"""Rain of hidden profiles is read off renderings, on photographs that the reader never saw."""

from functools import cache

import numpy as np
import pytest
import torch
from skimage import data as photographs

from ssid.data.rain.fit import WIDE, cut_crops, energy_distance, fit_rain, rained_on
from ssid.data.rain.params import FitParams
from ssid.data.rain.prior import NAMES
from ssid.data.rain.profiles import PROFILES, RainProfile, sample_rain
from ssid.data.rain.reader import SIDE, load_reader
from ssid.data.rain.render import render

HIDDEN = {
    "gale": RainProfile(
        description="thin streaks, blown to the left",
        reference="none",
        layers=(1, 3),
        angle_degrees=(110, 135),
        spread_degrees=5,
        length_px=(20, 50),
        width_px=(1.5, 3),
        density=(0.0005, 0.003),
        hardness=(1, 1.5),
        brightness=(0.3, 0.6),
        compositing=("screen",),
        transmission=(0.85, 1),
    ),
    "standin": PROFILES["standin"],
    "rain100h": PROFILES["rain100h"],
}
PARAMS = FitParams(photographs=50, crops=48, rounds=3, renderings=1)


@cache
def clean_pictures():
    """Return photographs of very different content."""
    names = ("astronaut", "coffee", "chelsea", "rocket", "camera", "coins")
    found = [getattr(photographs, name)() for name in names]
    return [picture if picture.ndim == 3 else np.stack([picture] * 3, 2) for picture in found]


def rainy_pictures(profile, count=12):
    clean = clean_pictures()
    return [render(clean[i % len(clean)], profile, 900 + i)[0] for i in range(count)]


@pytest.fixture(scope="module")
def reader():
    return load_reader()


@pytest.fixture(scope="module")
def fitted(reader):
    @cache
    def fitted(name):
        return fit_rain(rainy_pictures(HIDDEN[name]), clean_pictures(), reader, PARAMS)

    return fitted


def means(profile):
    drawn = [sample_rain(profile, 10_000 + seed) for seed in range(300)]
    layers = [layer for rain in drawn for layer in rain.layers]

    def mean(values):
        return float(np.mean(list(values)))

    return {
        "direction": mean(layer.angle_degrees for layer in layers),
        "length": mean(layer.length_px for layer in layers),
        "width": mean(layer.width_px for layer in layers),
        "coverage": mean(
            sum(layer.density * layer.length_px * layer.width_px for layer in rain.layers)
            for rain in drawn
        ),
        "brightness": mean(layer.brightness for layer in layers),
        "veil": mean(1 - rain.transmission for rain in drawn),
    }


@pytest.mark.parametrize("name", HIDDEN)
def test_what_a_hidden_profile_is_like_is_found(fitted, name):
    true, found = means(HIDDEN[name]), means(fitted(name).profile)
    assert found["direction"] == pytest.approx(true["direction"], abs=6)
    assert found["length"] == pytest.approx(true["length"], rel=0.6)
    assert found["width"] == pytest.approx(true["width"], rel=0.3)
    assert found["coverage"] == pytest.approx(true["coverage"], rel=0.7)
    assert found["brightness"] == pytest.approx(true["brightness"], abs=0.2)
    assert found["veil"] == pytest.approx(true["veil"], abs=0.08)


@pytest.mark.parametrize("name", HIDDEN)
def test_renderings_come_nearer_to_the_photographs(fitted, name):
    wide, first, *_ = fitted(name).distances
    assert min(fitted(name).distances[1:]) < 0.6 * wide
    assert first < wide


def test_equal_input_gives_an_equal_profile(fitted, reader):
    again = fit_rain(rainy_pictures(HIDDEN["gale"]), clean_pictures(), reader, PARAMS)
    assert again.profile == fitted("gale").profile
    assert again.distances == fitted("gale").distances


def test_photographs_without_rain_are_left_out(fitted, reader):
    rainy, dry = rainy_pictures(HIDDEN["gale"], 6), clean_pictures()[:3]
    both = fit_rain([dry[0], *rainy, *dry[1:]], clean_pictures(), reader, PARAMS)
    assert both.without_rain == [0, 7, 8]
    direction = means(both.profile)["direction"]
    assert direction == pytest.approx(means(HIDDEN["gale"])["direction"], abs=8)


def test_without_any_rain_the_wide_profile_is_taken(reader):
    fitted = fit_rain(clean_pictures()[:3], clean_pictures(), reader, PARAMS)
    assert fitted.profile == PROFILES[WIDE]
    assert fitted.without_rain == [0, 1, 2]
    assert fitted.distances == []


def test_one_small_photograph_is_enough_to_go_on(reader):
    small = rainy_pictures(HIDDEN["gale"], 1)[0][:150, :130]
    fitted = fit_rain([small], clean_pictures(), reader, replace_crops(8))
    assert 85 < means(fitted.profile)["direction"] < 150


def replace_crops(count):
    return PARAMS.model_copy(update={"crops": count, "rounds": 1})


# --- parts ----------------------------------------------------------------------------------------


def test_crops_are_shared_among_photographs():
    pictures = [np.full((300, 250, 3), value, np.uint8) for value in (10, 20, 30)]
    crops = cut_crops(pictures, 7, seed=1)
    assert [len(of) for of in crops] == [3, 3, 3]
    assert [int(of[0, 0, 0, 0]) for of in crops] == [10, 20, 30]
    assert crops[0].shape[1:] == (3, SIDE, SIDE)


def test_rain_is_drawn_anew_for_each_crop():
    ground = torch.full((2, 3, SIDE, SIDE), 60, dtype=torch.uint8)
    rainy = rained_on(ground, PROFILES["rain100h"], seed=3)
    assert rainy.dtype == torch.uint8
    assert (rainy != ground).any(1).any(1).any(1).all()
    assert (rainy[0] != rainy[1]).any()
    assert torch.equal(rainy, rained_on(ground, PROFILES["rain100h"], seed=3))


def test_energy_distance():
    generator = torch.Generator().manual_seed(0)
    x, same = (torch.randn(200, 8, generator=generator) for _ in range(2))
    assert abs(energy_distance(x, same)) < 0.01
    assert energy_distance(x, same + 1) > 0.05
    assert energy_distance(x, same + 100) > 0.9
    assert energy_distance(x, same + 1) == pytest.approx(energy_distance(same + 1, x))


def test_what_cannot_be_read_stays_as_assumed(fitted):
    """The reader is unsure of the number of layers, and says so."""
    error = dict(zip(NAMES, fitted("gale").reading.error, strict=True))
    assert error["angle_degrees"] < 10
    assert error["layers"] > 0.5
