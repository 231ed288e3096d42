"""Batches are a pure function of seed and step."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssid.errors import UserError
from ssid.training.batches import PAIRS, REAL, Batches, Crop, Stream, cut, iterate

SHAPE = {"pairs": 4, "real_count": 2, "patch": 32, "seed": 7}


@pytest.fixture
def make(pair_store, real_store):
    """Return a function that makes batches of the tiny stores."""

    def make(**changes):
        return Batches([pair_store], [real_store], **{**SHAPE, **changes})

    return make


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_shapes_and_range(make):
    batch = make()[0]
    assert [tuple(images.shape) for images in batch] == [(count, 3, 32, 32) for count in (4, 4, 2)]
    for images in batch:
        assert images.dtype == torch.float32
        assert images.is_contiguous()
        assert 0 <= images.min() < images.max() <= 1


def test_pairs_of_both_kinds_are_learnt_from_in_the_ratio_of_their_counts(pair_store, real_store):
    both = Batches([pair_store], [real_store], [pair_store], **SHAPE, fitted_count=3)
    alone = Batches([pair_store], [real_store], **SHAPE)
    for step in (0, 5):
        assert len(both[step].rainy) == len(both[step].clean) == 7
        assert torch.equal(both[step].rainy[:4], alone[step].rainy)  # of the same order as without
        assert torch.equal(both[step].real, alone[step].real)
    assert not torch.equal(both[0].rainy[4:6], both[0].rainy[:2])


def test_rainy_and_clean_show_the_same_place(make):
    batch = make()[3]
    # Light streaks cover a part of the image: where there is none, both are equal.
    distance = (batch.rainy - batch.clean).abs()
    assert not torch.equal(batch.rainy, batch.clean)
    assert distance.mean() < 0.15
    assert distance.mean() < (batch.rainy - batch.clean.roll(1, 0)).abs().mean() / 2


@pytest.mark.parametrize("start", [0, 3, 7])
@pytest.mark.parametrize("workers", [0, 2])
def test_start_and_workers_change_nothing(make, start, workers):
    batches = make()
    resumed = list(iterate(make(), start, 9, workers))
    assert len(resumed) == 9 - start
    assert all(same(batches[start + i], batch) for i, batch in enumerate(resumed))


def test_order_of_access_changes_nothing(make):
    batches, forward = make(), make()
    backward = {step: batches[step] for step in (11, 2, 11, 0)}
    assert all(same(forward[step], backward[step]) for step in (0, 2, 11))


def test_the_processes_share_the_batch_of_one(make):
    whole, ranks = make()[5], [make(rank=rank, world=2)[5] for rank in range(2)]
    for images, *shares in zip(whole, *ranks, strict=True):
        assert torch.equal(torch.stack(shares, 1).flatten(0, 1), images)


def test_the_seed_decides(make):
    assert same(make()[0], make()[0])
    assert not same(make()[0], make(seed=8)[0])


@given(seed=st.integers(0, 2**40), epoch=st.integers(0, 5))
def test_every_training_image_once_an_epoch(pair_store, real_store, seed, epoch):
    stream = Stream([pair_store, real_store], seed, PAIRS)
    crops = [stream.crop(epoch * len(stream) + i) for i in range(len(stream))]
    seen = {(crop.store.path, crop.index) for crop in crops}
    assert len(seen) == len(stream) == pair_store.summary.train + real_store.summary.train


def test_validation_images_are_never_trained_on(pair_store):
    stream = Stream([pair_store], 0, PAIRS)
    held = set(pair_store.split("val"))
    assert held
    assert held.isdisjoint(stream.crop(k).index for k in range(50))


def test_no_crop_comes_twice(pair_store):
    stream = Stream([pair_store], 0, PAIRS)
    places = [(crop.top, crop.left) for crop in map(stream.crop, range(200))]
    assert len(set(places)) == 200
    mirrored = np.mean([stream.crop(k).mirrored for k in range(400)])
    assert 0.4 < mirrored < 0.6


def test_exposure_dims_half_of_the_crops_evenly_in_stops_and_moves_none(pair_store):
    plain, dim = Stream([pair_store], 0, PAIRS), Stream([pair_store], 0, PAIRS, exposure=0.25)
    crops = [(plain.crop(k), dim.crop(k)) for k in range(2000)]
    assert all(replace(b, light=1.0) == a for a, b in crops)
    stops = -np.log2([b.light for _, b in crops])
    assert 0.45 < np.mean(stops == 0) < 0.55
    assert np.histogram(stops[stops > 0], bins=4, range=(0, 2))[0] == pytest.approx(250, rel=0.2)


def test_what_a_dimmed_crop_shows_is_dimmed_alike(make):
    plain, dim = make(pairs=16, real_count=8)[0], make(pairs=16, real_count=8, exposure=0.1)[0]
    for crops, dimmed in zip(plain, dim, strict=True):
        light = dimmed.amax((1, 2, 3)) / crops.amax((1, 2, 3))
        assert torch.allclose(crops * light.view(-1, 1, 1, 1), dimmed)
        assert 0.1 <= light.min() < light.max() <= 1
    shared = [(d.mean() / p.mean()).item() for p, d in zip(plain.clean, dim.clean, strict=True)]
    rainy = [(d.mean() / p.mean()).item() for p, d in zip(plain.rainy, dim.rainy, strict=True)]
    assert rainy == pytest.approx(shared)


def test_epochs_differ_in_order(real_store):
    stream = Stream([real_store], 0, REAL)
    orders = {tuple(stream.crop(3 * e + i).index for i in range(3)) for e in range(30)}
    assert len(orders) == 6  # all orders of three images


def test_the_streams_draw_different_numbers(pair_store):
    pairs, real = Stream([pair_store], 0, PAIRS), Stream([pair_store], 0, REAL)
    assert [pairs.crop(k).top for k in range(4)] != [real.crop(k).top for k in range(4)]


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    corner=st.tuples(*[st.floats(0, 1, exclude_max=True)] * 2),
)
def test_patches_have_their_size_whatever_the_image(height, width, corner):
    image = np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)
    assert cut(image, Crop(None, 0, *corner, False), 24).shape == (24, 24, 3)


def test_every_corner_of_a_large_image_is_reached():
    image = np.arange(5)[:, None, None] * np.ones((1, 5, 3), np.uint8)
    tops = {
        cut(image, Crop(None, 0, top, 0.0, False), 3)[0, 0, 0] for top in np.linspace(0, 0.999, 50)
    }
    assert tops == {0, 1, 2}


def test_small_images_are_reflected():
    image = np.array([[1, 2], [3, 4]], np.uint8)[..., None].repeat(3, 2)
    patch = cut(image, Crop(None, 0, 0.9, 0.9, False), 4)[..., 0]
    expected = [[1, 2, 2, 1], [3, 4, 4, 3], [3, 4, 4, 3], [1, 2, 2, 1]]
    assert patch.tolist() == expected


def test_mirroring_is_horizontal():
    image = np.arange(16, dtype=np.uint8).reshape(4, 4, 1).repeat(3, 2)
    plain, mirrored = (cut(image, Crop(None, 0, 0.0, 0.0, flip), 4) for flip in (False, True))
    assert np.array_equal(mirrored, plain[:, ::-1])
    assert np.array_equal(mirrored.sum(1), plain.sum(1))  # every row stays at its height


def test_real_photographs_may_be_absent(pair_store):
    batch = Batches([pair_store], [], **{**SHAPE, "real_count": 0})[0]
    assert batch.real.shape == (0, 3, 32, 32)


def test_what_cannot_be_trained_on_is_said(make, pair_store, real_store):
    with pytest.raises(UserError, match=r"batch\.pairs is 5, which 2 processes.*multiple of 2"):
        make(pairs=5, world=2)
    with pytest.raises(UserError, match=r"batch\.real is 3"):
        make(real_count=3, world=2)
    with pytest.raises(UserError, match="no synthetic pairs"):
        Batches([], [real_store], **SHAPE)
    with pytest.raises(UserError, match=r"ssid data add.*batch\.real to 0"):
        Batches([pair_store], [], **SHAPE)
