from dataclasses import asdict

import numpy as np
import pytest
from skimage import data as photographs

from ssid.data.params import SyntheticSet
from ssid.data.rain.files import COMMENTS, LIMITS, find_profile, write_profile
from ssid.data.rain.prior import LIMITS as PRIOR_LIMITS
from ssid.data.rain.prior import NAMES, mirrored, random_profile, to_numbers, to_profile
from ssid.data.rain.profiles import PROFILES
from ssid.data.rain.render import render
from ssid.errors import UserError
from support.repository import ROOT

SEEDS = range(40)


def same(one, other, rel=1e-3):
    for name, value in asdict(one).items():
        if name not in ("description", "reference"):
            assert getattr(other, name) == (
                value if name == "compositing" else pytest.approx(value, rel=rel)
            )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_profile_is_the_same_after_writing_and_reading(seed, tmp_path):
    profile = random_profile(seed)
    write_profile(profile, tmp_path / "rain.yaml")
    same(profile, find_profile(str(tmp_path / "rain.yaml")))


@pytest.mark.parametrize("name", PROFILES)
def test_every_shipped_profile_can_be_a_file(name, tmp_path):
    write_profile(PROFILES[name], tmp_path / "rain.yaml")
    found = find_profile(str(tmp_path / "rain.yaml"))
    same(PROFILES[name], found)
    assert found.description == PROFILES[name].description


def test_every_key_of_a_file_is_explained():
    assert set(COMMENTS) == set(asdict(random_profile(0))) - {"description", "reference"}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "params/rain").glob("*.yaml")), ids=lambda p: p.stem
)
def test_shipped_files_are_profiles(path):
    find_profile(str(path))


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("wrong", ["beyond", "reversed"])
def test_bounds_that_make_no_sense_are_told_by_name(name, wrong, tmp_path):
    path = tmp_path / "rain.yaml"
    write_profile(PROFILES["varied"], path)
    low, high = (int(b) if name == "layers" else float(b) for b in LIMITS[name])
    bounds = [high, low] if wrong == "reversed" else [low, high + 1]
    lines = path.read_text().splitlines()
    path.write_text(
        "\n".join(f"{name}: {bounds}" if s.startswith(f"{name}:") else s for s in lines)
    )
    with pytest.raises(UserError, match=f"(?s)rain.yaml.*{name}: found"):
        find_profile(str(path))


@pytest.mark.parametrize("rain", ["rain10l", "no/such.yaml"])
def test_a_profile_that_is_not_there_is_told(rain):
    with pytest.raises(UserError, match=rain):
        find_profile(rain)


def test_a_data_set_takes_the_path_of_a_profile():
    block = {"root": "photographs", "layout": "photographs"}
    assert SyntheticSet.model_validate(block | {"rain": "params/rain/drizzle.yaml"}).rain
    with pytest.raises(ValueError, match="Did you mean 'rain100l'"):
        SyntheticSet.model_validate(block | {"rain": "rain10l"})


@pytest.mark.parametrize(
    "path", sorted((ROOT / "params/rain").glob("*.yaml")), ids=lambda p: p.stem
)
def test_the_examples_are_rain_unless_they_say_that_they_are_dry(path):
    clean = photographs.astronaut()[:96, :96].copy()
    rainy = render(clean, find_profile(str(path)), seed=1)[0]
    assert np.array_equal(rainy, clean) == (path.stem == "dry")


# --- profiles as numbers --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_numbers_hold_all_of_a_profile(seed):
    profile = random_profile(seed)
    same(profile, to_profile(to_numbers(profile), "again", "none"), rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_profiles_stay_within_the_limits(seed):
    profile = random_profile(seed)
    for name, (lowest, highest) in PRIOR_LIMITS.items():
        value = getattr(profile, name)
        low, high = value if isinstance(value, tuple) else (value, value)
        assert lowest <= low <= high <= highest


def test_numbers_from_nowhere_give_a_profile_within_the_limits():
    for sign in (-1, 1):
        profile = to_profile(0 * to_numbers(random_profile(0)) + sign * 9.0, "far out", "none")
        for name, (lowest, highest) in PRIOR_LIMITS.items():
            value = getattr(profile, name)
            low, high = value if isinstance(value, tuple) else (value, value)
            assert lowest <= low <= high <= highest


def test_a_mirror_turns_the_direction_alone():
    numbers = to_numbers(PROFILES["standin"])
    changed = mirrored(numbers) != numbers
    assert [name for name, c in zip(NAMES, changed, strict=True) if c] == ["angle_degrees"]
    assert mirrored(numbers)[NAMES.index("angle_degrees")] == pytest.approx(125)
