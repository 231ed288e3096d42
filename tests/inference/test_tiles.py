import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ssid.inference.memory import fitting_side
from ssid.inference.runtime import runner_of
from ssid.inference.tiles import derain, largest_tile
from ssid.models import Derainer, Features, create_model, load_model
from ssid.models.memory import bytes_per_pixel
from ssid.models.reach import reach
from ssid.packaged import SIZES
from support.tiny_networks import Identity, Local, picture

UNET = {"widths": (8, 4), "encoder_blocks": (0, 1), "decoder_blocks": (1,)}


@settings(max_examples=30)
@given(
    height=st.integers(1, 200),
    width=st.integers(1, 200),
    tile=st.one_of(st.none(), st.integers(20, 150)),
    overlap=st.integers(0, 64),
)
def test_any_size_and_tiling_returns_every_pixel(height, width, tile, overlap):
    image = picture(height, width)
    for model in (Identity(), Identity(mean=True)):
        assert np.abs(derain(model, image, tile, overlap).astype(int) - image).max() <= 1


@pytest.mark.parametrize("pools", [False, True])
@pytest.mark.parametrize("size", [(200, 230), (97, 260), (131, 64)])
@pytest.mark.parametrize("layers", [2, 9])
def test_tiles_of_a_local_network_equal_the_whole(size, layers, pools):
    model, image = Local(layers, pools), picture(*size)
    whole = derain(model, image).astype(int)
    tiled = derain(model, image, tile=64, overlap=0).astype(int)
    assert np.abs(tiled - whole).max() <= 1  # convolutions of other sizes round otherwise
    assert (tiled != whole).mean() < 0.001


@pytest.mark.parametrize("student", SIZES)
def test_tiles_of_a_packaged_student_equal_the_whole(student):
    model, image = load_model(student), np.repeat(picture(96, 704), 1, axis=1)
    tiled = derain(model, image, tile=96).astype(int)
    assert np.abs(tiled - derain(model, image)).max() <= 1


def test_tiles_of_a_global_network_pass_smoothly_into_each_other():
    torch.manual_seed(0)
    model, image = create_model("rrg", channels=8, msrbs=1).eval(), picture(64, 256)
    seams = {}
    for overlap in (0, 64):
        change = derain(model, image, 64, overlap).astype(float) - derain(model, image)
        seams[overlap] = np.abs(np.diff(change, axis=1))[:, 63::64].mean()
    assert seams[64] < seams[0]


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("prenet", {"channels": 4, "stages": 3}, 3 * 13),  # head, cell, five units of two, tail
        ("prenet", {"channels": 4, "stages": 1, "cell": "none"}, 12),
        ("ddn", {"channels": 4, "units": 3}, 8 + 2 * 15),  # convolutions, two windows of radius 15
        ("sapnet", {"channels": 4, "stages": 1}, None),
        ("rescan", {"channels": 4, "stages": 1}, None),
        ("hinet", {"width": 2}, None),
        ("hinet", {"width": 2, "norm_levels": ()}, 224),
        # Up to 3 pixels at half size, so 2 at a quarter, and 2 there, and 1 at half: 2 · (8 + 1).
        ("unet", UNET, 20),
        ("unet", {**UNET, "context": True}, None),
        ("mprnet", {"width": 8, "step": 4, "extra": 4, "cabs": 1}, None),
    ],
)
def test_reach_is_that_of_the_layers(name, options, expected):
    assert reach(create_model(name, **options).eval()) == expected


@pytest.mark.parametrize(("layers", "pools"), [(1, False), (7, False), (3, True)])
def test_reach_of_convolutions(layers, pools):
    found = reach(Local(layers, pools))
    assert found == (8 * -(-2 * layers // 8) if pools else 2 * layers)


def test_a_tile_that_covers_the_image_is_the_whole_image():
    model, image = Local(), picture(60, 90)
    assert np.array_equal(derain(model, image, tile=90), derain(model, image))


def test_network_never_sees_less_than_its_minimum():
    model = Identity()
    assert np.array_equal(derain(model, picture(5, 70)), picture(5, 70))
    assert model.seen == [(1, 3, 32, 70)]


@pytest.mark.parametrize("gain", [0.41, 0.999, 1.73])
def test_rounds_and_clamps(gain):
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    expected = np.rint(np.minimum(levels * np.float32(gain), 255))
    assert np.abs(derain(Identity(gain), levels) - expected).max() == 0


class Tinted(Derainer):
    """Adds another constant to every channel, as networks do that were trained on colours."""

    def __init__(self):
        super().__init__()
        self.tint = nn.Parameter(torch.tensor([0.02, 0.0, -0.02]).view(3, 1, 1))

    def encode_padded(self, rainy):
        return Features(rainy, rainy)

    def decode_padded(self, features, rainy):
        return rainy + self.tint


def test_grey_stays_grey_and_colours_are_left_alone():
    grey = picture(64, 80)[..., :1].repeat(3, axis=2)
    for tile in (None, 32):
        assert np.ptp(derain(Tinted(), grey, tile), axis=2).max() == 0
    coloured = grey.copy()
    coloured[0, 0, 0] ^= 1
    for tile in (None, 32):  # a tile of grey in an image of colours, too
        assert np.ptp(derain(Tinted(), coloured, tile), axis=2)[40:, 40:].max() > 5


def test_16_bits_stay_so():
    levels = np.random.default_rng(0).integers(0, 65536, (40, 50, 3), dtype=np.uint16)
    assert derain(Identity(), levels).dtype == np.uint16
    assert np.array_equal(derain(Identity(), levels, tile=32), levels)


def test_the_overlap_is_a_number_of_pixels():
    with pytest.raises(ValueError, match="number of pixels"):
        derain(Identity(), picture(100, 100), tile=64, overlap=-1)


# Memory.


def test_bytes_by_the_pixel_are_those_of_the_maps_alive_at_once():
    class Wide(Derainer):
        def __init__(self):
            super().__init__()
            self.wide, self.back = nn.Conv2d(3, 64, 1), nn.Conv2d(64, 3, 1)

        def encode_padded(self, rainy):
            return Features(self.wide(rainy), rainy)

        def decode_padded(self, features, rainy):
            return self.back(features.map)

    # The image is counted where it is made, before; 64 maps and 3 of the result; half as much more.
    assert bytes_per_pixel(Wide()) == pytest.approx(1.5 * 4 * (64 + 3), rel=0.1)


def test_tiles_fit_in_the_memory_there_is(monkeypatch):
    runner = runner_of(load_model("small"))
    monkeypatch.setattr("ssid.inference.tiles.available", lambda device: 1 << 30)
    assert largest_tile(runner, 400, 500) is None
    side = largest_tile(runner, 8192, 8192)
    assert side % 32 == 0
    assert 0.8 * (1 << 29) < (side + 2 * 224) ** 2 * runner.find_bytes() <= 1 << 29


def test_the_smallest_tile_is_one_step_of_the_grid():
    assert fitting_side(1000, room=10, margin=200, grid=32) == 32
    assert fitting_side(1, room=1_000_000, margin=100, grid=32) == 800
