import dataclasses
import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage import data as photographs

from ssid.data.rain.render import (
    PROFILES,
    RainLayer,
    RainParameters,
    composite,
    disc_spectrum,
    in_perspective,
    rain_layer,
    render,
    render_rain,
    sample_rain,
    streak_spectrum,
    transmission,
)
from ssid.errors import UserError

profiles = pytest.mark.parametrize("profile", PROFILES)
PLAIN = RainLayer(
    angle_degrees=80,
    length_px=15,
    width_px=2,
    density=0.002,
    brightness=0.5,
    hardness=1,
    blur_px=0,
)

OF_IMAGES = (
    *("transmission", "atmospheric_light", "veil_rise", "lighting"),
    *("disc_density", "disc_px", "disc_brightness"),
)


def rain_of(*layers, compositing="additive", transmission=1.0, atmospheric_light=0.8):
    return RainParameters(layers or (PLAIN,), compositing, transmission, atmospheric_light)


def psnr(rainy, clean):
    return -10 * math.log10(np.mean((rainy / 255.0 - clean / 255.0) ** 2))


def gradient_energy(layer, bins=18):
    """Share of the gradient energy by direction of the streaks that cause it, 0..180 degrees."""
    dy, dx = np.gradient(layer)
    direction = (np.degrees(np.arctan2(-dy, dx)) + 90) % 180
    energy, _ = np.histogram(direction, bins, (0, 180), weights=dx**2 + dy**2)
    return energy / energy.sum()


# --- one streak ----------------------------------------------------------------------------------


def streak(layer, side=256):
    """One streak in the middle of a square."""
    spectrum = streak_spectrum((layer,), (side, side))
    return torch.fft.irfft2(spectrum, s=(side, side))[0].roll((side // 2, side // 2), (0, 1))


@pytest.mark.parametrize("angle", [45, 62.5, 90, 117])
@pytest.mark.parametrize(("length", "width", "blur"), [(20, 2, 0), (60, 2, 0), (40, 5, 1.5)])
def test_streak_has_the_direction_length_and_width_it_is_given(angle, length, width, blur):
    layer = dataclasses.replace(
        PLAIN, angle_degrees=angle, length_px=length, width_px=width, blur_px=blur
    )
    image = streak(layer)
    y = -torch.arange(-128.0, 128.0, dtype=torch.float64).view(-1, 1)
    x = torch.arange(-128.0, 128.0, dtype=torch.float64)
    theta = math.radians(angle)
    along, across = (
        x * math.cos(theta) + y * math.sin(theta),
        y * math.cos(theta) - x * math.sin(theta),
    )

    def mean(values):
        return float((image * values).sum() / image.sum())

    # Variances add: box ℓ²/12, its softened ends, thickness and defocus.
    thickness = (width / 2.354820045) ** 2 + blur**2
    assert mean(along**2) == pytest.approx(length**2 / 12 + (length / 8) ** 2 + thickness, rel=1e-3)
    assert mean(across**2) == pytest.approx(thickness, rel=1e-3)
    assert mean(along * across) == pytest.approx(0, abs=1e-3 * length**2)


def test_sharp_streak_peaks_at_one_and_is_as_wide_as_it_says():
    image = streak(dataclasses.replace(PLAIN, angle_degrees=90, length_px=40, width_px=6))
    assert float(image.max()) == pytest.approx(1, abs=2e-3)
    assert float(image[128, 128 + 3]) == pytest.approx(0.5, abs=2e-3)


def test_defocus_dims_and_keeps_the_light():
    sharp = streak(PLAIN)
    defocused = streak(dataclasses.replace(PLAIN, blur_px=2))
    assert float(defocused.sum()) == pytest.approx(float(sharp.sum()))
    assert float(defocused.max()) < 0.5 * float(sharp.max())


# --- the rain layer ------------------------------------------------------------------------------


def test_mean_follows_from_density_and_the_size_of_a_streak():
    # Soft enough that crossing streaks are never cut.
    layer = dataclasses.replace(PLAIN, width_px=3, density=0.001, hardness=0.2)
    # Drops are squares of uniform numbers: 1/3 on average.
    area = 15 * 3 / 2.354820045 * math.sqrt(2 * math.pi)
    expected = layer.density / 3 * area * layer.hardness * layer.brightness
    measured = np.mean([rain_layer(rain_of(layer), 256, 256, seed).mean() for seed in range(20)])
    assert measured == pytest.approx(expected, rel=0.05)


def test_borders_get_as_much_rain_as_the_centre():
    layer = dataclasses.replace(PLAIN, length_px=40, density=0.02)
    rain = torch.stack([rain_layer(rain_of(layer), 64, 96, seed) for seed in range(400)])
    centre = rain[:, 24:40, 36:60]
    borders = [rain[:, :4], rain[:, -4:], rain[:, :, :4], rain[:, :, -4:]]
    for border in borders:
        assert float(border.mean()) == pytest.approx(float(centre.mean()), rel=0.05)
        assert float(border.std()) == pytest.approx(float(centre.std()), rel=0.05)


def test_opposite_borders_share_no_streaks():
    layer = dataclasses.replace(PLAIN, angle_degrees=45, length_px=30, density=0.01)
    rain = torch.stack([rain_layer(rain_of(layer), 48, 48, seed) for seed in range(150)])
    left, right, top, bottom = rain[:, :, 0], rain[:, :, -1], rain[:, 0], rain[:, -1]
    for one, other in [(left, right), (top, bottom)]:
        pair = torch.stack([one.flatten(), other.flatten()])
        assert abs(float(torch.corrcoef(pair)[0, 1])) < 0.06


def test_brightness_is_the_upper_bound_of_a_layer():
    dense = dataclasses.replace(PLAIN, density=0.2, hardness=4, brightness=0.3)
    rain = rain_layer(rain_of(dense), 64, 64, seed=0)
    assert float(rain.max()) == pytest.approx(0.3)
    assert float(rain_layer(rain_of(dense, dense), 64, 64, seed=0).max()) == pytest.approx(0.6)
    screen = rain_layer(rain_of(dense, dense, compositing="screen"), 64, 64, seed=0)
    assert float(screen.max()) == pytest.approx(1 - 0.7**2)


def test_size_of_the_streaks_does_not_depend_on_the_size_of_the_image():
    layer = dataclasses.replace(PLAIN, density=0.0002, angle_degrees=90)
    longest = []
    for side in (128, 512):
        rows = (rain_layer(rain_of(layer), side, side, seed=3) > 0.1 * layer.brightness).numpy()
        column = rows[:, rows.sum(0).argmax()]
        runs = np.diff(np.flatnonzero(np.diff(np.r_[0, column, 0])))[::2]
        longest.append(np.median(runs))
    assert longest == pytest.approx([15, 15], abs=8)


# --- compositing ---------------------------------------------------------------------------------

unit = st.floats(0, 1, allow_subnormal=False)


@given(background=unit, rain=unit)
def test_screen_blend(background, rain):
    clean = torch.full((3, 2, 2), background, dtype=torch.float64)

    def screen(value):
        layer = torch.full((2, 2), value, dtype=torch.float64)
        return composite(clean, layer, rain_of(compositing="screen"))

    torch.testing.assert_close(screen(0.0), clean, rtol=0, atol=0)
    torch.testing.assert_close(screen(1.0), torch.ones_like(clean))
    assert float(screen(rain).min()) >= max(background, rain) - 1e-12
    expected = torch.full_like(clean, 1 - (1 - background) * (1 - rain))
    torch.testing.assert_close(screen(rain), expected)


@given(background=unit, rain=unit, alpha=unit, light=unit)
def test_additive_blend_behind_a_veil(background, rain, alpha, light):
    clean = torch.full((3, 2, 2), background, dtype=torch.float64)
    layer = torch.full((2, 2), rain, dtype=torch.float64)
    parameters = rain_of(transmission=alpha, atmospheric_light=light)
    expected = min(alpha * (background + rain) + (1 - alpha) * light, 1)
    torch.testing.assert_close(
        composite(clean, layer, parameters), torch.full_like(clean, expected)
    )


def test_streaks_are_gray():
    clean = torch.tensor([0.1, 0.3, 0.5]).view(3, 1, 1).expand(3, 48, 64)
    added = render_rain(clean, rain_of(), seed=1) - clean
    assert float(added.max()) > 0.1
    torch.testing.assert_close(added[0], added[1])
    torch.testing.assert_close(added[0], added[2])


# --- depth, night and drops near the lens --------------------------------------------------------


@given(ratio=st.floats(1, 20), count=st.integers(2, 6))
def test_near_layers_are_larger_and_fewer_and_cover_as_much(ratio, count):
    layers = in_perspective((dataclasses.replace(PLAIN, blur_px=0.5),) * count, ratio)
    assert layers[-1].length_px / layers[0].length_px == pytest.approx(ratio)
    assert layers[-1].width_px / layers[0].width_px == pytest.approx(ratio)
    assert layers[-1].blur_px / layers[0].blur_px == pytest.approx(ratio)
    for layer in layers:
        covered = layer.density * layer.length_px * layer.width_px
        assert covered == pytest.approx(PLAIN.density * PLAIN.length_px * PLAIN.width_px)
    assert math.prod(layer.length_px for layer in layers) == pytest.approx(PLAIN.length_px**count)


def test_one_layer_has_no_perspective():
    assert in_perspective((PLAIN,), 5.0) == (PLAIN,)


def test_a_veil_grows_upwards_from_nothing():
    clean, dry = torch.full((3, 33, 4), 0.2, dtype=torch.float64), torch.zeros(33, 4)
    rising = dataclasses.replace(rain_of(transmission=0.7), veil_rise=1.0)
    alpha = transmission(rising, 33)
    assert float(alpha.log().mean()) == pytest.approx(math.log(0.7))
    assert bool((alpha.diff(dim=0) > 0).all())
    rainy = composite(clean, dry.double(), rising)
    torch.testing.assert_close(rainy[:, -1], clean[:, -1])
    torch.testing.assert_close(rainy[:, 0], 0.49 * clean[:, 0] + 0.51 * 0.8)


def test_streaks_at_night_shine_beside_lamps_alone():
    clean = torch.full((3, 48, 96), 0.02, dtype=torch.float64)
    clean[:, :, 80:] = 0.9
    rain = torch.full((48, 96), 0.5, dtype=torch.float64)
    night = dataclasses.replace(rain_of(), lighting=1.0)
    added = composite(clean, rain, night) - clean
    assert float(added[:, :, :40].max()) < 0.02
    even = composite(clean, rain, rain_of()) - clean
    torch.testing.assert_close(added[:, :, 92:], even[:, :, 92:])


@pytest.mark.parametrize("diameter", [6.0, 21.0])
def test_a_drop_out_of_focus_is_a_disc(diameter):
    disc = torch.fft.irfft2(disc_spectrum(diameter, (96, 96)), s=(96, 96)).roll((48, 48), (0, 1))
    assert float(disc.sum()) == pytest.approx(math.pi / 4 * diameter**2)
    y, x = torch.meshgrid(torch.arange(-48.0, 48), torch.arange(-48.0, 48), indexing="ij")
    distance = torch.hypot(y, x)
    assert float(disc[distance < diameter / 2 - 2.5].min()) > 0.97
    assert float(disc[distance > diameter / 2 + 3].abs().max()) < 0.03


def test_discs_are_as_many_and_as_bright_as_they_are_meant_to_be():
    few = rain_of(dataclasses.replace(PLAIN, brightness=0.0))
    discs = dataclasses.replace(few, disc_density=2e-5, disc_px=9.0, disc_brightness=0.3)
    rain = torch.stack([rain_layer(discs, 256, 256, seed) for seed in range(12)])
    assert float(rain.max()) <= 0.3
    # Their brightness is uniform, half of the most on average.
    expected = 2e-5 / 2 * math.pi / 4 * 9**2 * 0.3
    assert float(rain.mean()) == pytest.approx(expected, rel=0.2)
    assert not rain_layer(few, 64, 64, seed=0).any()


# --- profiles ------------------------------------------------------------------------------------


@profiles
@given(seed=st.integers(0, 2**40))
@settings(max_examples=25)
def test_parameters_stay_within_the_bounds_of_the_profile(profile, seed):
    bounds, drawn = PROFILES[profile], sample_rain(PROFILES[profile], seed)
    assert bounds.layers[0] <= len(drawn.layers) <= bounds.layers[1]
    assert drawn.compositing in bounds.compositing
    for name in OF_IMAGES:
        assert getattr(bounds, name)[0] <= getattr(drawn, name) <= getattr(bounds, name)[1]
    lowest, highest = bounds.angle_degrees
    spread = bounds.spread_degrees
    nearer = 1 if len(drawn.layers) == 1 else math.sqrt(bounds.perspective[1])
    factors = {"length_px": nearer, "width_px": nearer, "blur_px": nearer, "density": nearer**2}
    for layer in drawn.layers:
        assert lowest - spread <= layer.angle_degrees <= highest + spread
        for name in ("length_px", "width_px", "density", "hardness", "brightness", "blur_px"):
            lower, upper = getattr(bounds, name)
            factor = factors.get(name, 1) * (1 + 1e-12)
            assert lower / factor <= getattr(layer, name) <= upper * factor


@profiles
def test_parameters_survive_json(profile):
    drawn = sample_rain(PROFILES[profile], seed=5)
    stored = json.loads(json.dumps(dataclasses.asdict(drawn)))
    layers = tuple(RainLayer(**layer) for layer in stored.pop("layers"))
    assert RainParameters(layers=layers, **stored) == drawn


@profiles
def test_description_is_one_line(profile):
    description = PROFILES[profile].description
    assert 10 < len(description) <= 80
    assert "\n" not in description


def test_unknown_profile_names_the_nearest():
    with pytest.raises(UserError, match="Did you mean 'rain100l'"):
        render(np.zeros((8, 8, 3), np.uint8), "rain10l", seed=0)


def test_standin_differs_from_the_training_profiles():
    def mean_energy(profile):
        parameters = [sample_rain(PROFILES[profile], seed) for seed in range(8)]
        layers = [rain_layer(p, 128, 128, seed).numpy() for seed, p in enumerate(parameters)]
        return np.mean([gradient_energy(layer) for layer in layers], axis=0)

    slanted = slice(4, 7)  # 40 to 70 degrees
    assert mean_energy("standin")[slanted].sum() > 0.6
    assert mean_energy("rain100l")[slanted].sum() < 0.3
    assert mean_energy("rain100h")[slanted].sum() < 0.3
    assert PROFILES["standin"].length_px[0] > PROFILES["rain100l"].length_px[1] / 2
    assert PROFILES["standin"].transmission[1] < PROFILES["rain100h"].transmission[0]


# --- determinism ---------------------------------------------------------------------------------


@pytest.fixture
def photograph():
    return photographs.astronaut()[100:261, 50:251]


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@profiles
def test_image_depends_on_its_seed_alone(profile, photograph, threads):
    threads(1)
    first = [render(photograph, profile, seed)[0] for seed in range(4)]
    torch.manual_seed(99)
    threads(2)
    again = {seed: render(photograph, profile, seed)[0] for seed in (3, 1, 0, 2)}
    for seed in range(4):
        np.testing.assert_array_equal(first[seed], again[seed])
    assert all((first[0] != other).any() for other in first[1:])


def test_global_random_state_is_left_alone(photograph):
    before = torch.get_rng_state()
    render(photograph, "rain100l", seed=0)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("profile", "angle", "mean"),
    [
        ("rain100l", 89.890943, 0.0495989),
        ("rain100h", 80.950165, 0.35877317),
        ("varied", 83.774439, 0.15741924),
        ("standin", 52.222655, 0.19946428),
    ],
)
def test_rain_of_a_seed_never_changes_silently(profile, angle, mean):
    """A change here changes every prepared data set: it must be meant."""
    parameters = sample_rain(PROFILES[profile], seed=1)
    assert parameters.layers[0].angle_degrees == pytest.approx(angle, abs=1e-6)
    rain = rain_layer(parameters, 60, 80, seed=1)
    assert float(rain.mean()) == pytest.approx(mean, abs=1e-8)


def test_result_is_a_photograph_again(photograph):
    photograph.setflags(write=False)  # as from a memory map
    rainy, parameters = render(photograph, "varied", seed=2)
    assert rainy.shape == photograph.shape
    assert rainy.dtype == np.uint8
    assert rainy.flags.c_contiguous
    assert parameters == sample_rain(PROFILES["varied"], seed=2)


# --- agreement with the published sets -----------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "lowest", "highest"), [("rain100l", 22, 26), ("rain100h", 9, 14)]
)
def test_strength_on_the_photographs_of_the_demo(profile, lowest, highest):
    images = [photographs.astronaut(), photographs.chelsea(), photographs.coffee()]
    crops = [image[:256, :256] for image in images]
    values = [psnr(render(crop, profile, s)[0], crop) for s in range(20) for crop in crops]
    assert lowest < np.mean(values) < highest


@pytest.mark.parametrize("name", ["rain100l", "rain100h"])
def test_released_pairs_agree(shared_data, name):
    folder = shared_data / "paired" / name
    released, rendered = [], []
    for seed, path in enumerate(sorted((folder / "rainy").iterdir())):
        rainy, clean = (
            np.asarray(Image.open(file).convert("RGB"))[60:260, 60:260]
            for file in (path, folder / "clean" / path.name)
        )
        ours, _ = render(clean, name, seed)
        for rows, image in [(released, rainy), (rendered, ours)]:
            residual = (image.astype(float) - clean).mean(2)
            rows.append([psnr(image, clean), (residual > 5).mean(), *gradient_energy(residual)])
    released, rendered = np.mean(released, 0), np.mean(rendered, 0)
    assert rendered[0] == pytest.approx(released[0], abs=1.5)  # dB
    assert rendered[1] == pytest.approx(released[1], abs=0.05)  # share of rainy pixels
    assert np.abs(rendered[2:] - released[2:]).sum() < 0.35  # directions: 0 equal, 2 disjoint
