"""Pictures: which are chosen, how they are called, how large they become."""

import io
from base64 import b64decode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ssid.evaluation.report import pictures
from ssid.evaluation.report.comparison import Cell, compare
from ssid.evaluation.report.pictures import Choice, choose, embed, place, spread_ranks
from ssid.evaluation.report.results import read_results
from ssid.metrics.table import NIQE, PSNR_Y, SHARPNESS


@given(st.integers(1, 300), st.integers(1, 40))
def test_ranks_are_distinct_and_hold_the_worst(total, count):
    ranks = spread_ranks(total, count)
    assert len(set(ranks)) == len(ranks) == min(total, count)
    assert ranks[0] == total - 1
    assert set(ranks) <= set(range(total))


def test_ranks_fill_the_gaps_evenly():
    assert sorted(spread_ranks(101, 5)) == [0, 25, 50, 75, 100]
    assert spread_ranks(0, 3) == []


@pytest.mark.parametrize(
    ("total", "names"),
    [
        (1, ["the only image"]),
        (2, ["best", "worst"]),
        (3, ["best", "median", "worst"]),
        (5, ["best", "rank 2 of 5", "median", "rank 4 of 5", "worst"]),
    ],
)
def test_places_have_names(total, names):
    assert [place(rank, total) for rank in range(total)] == names


def test_images_with_masks_are_ranked_by_the_area_under_their_curve(evaluation):
    masked = next(of_set for of_set in read_results(evaluation).sets if of_set.masked)
    assert choose(masked, 5) == [Choice("q.png", "best"), Choice("p.png", "worst")]


def test_photographs_that_nothing_judges_are_shown_unranked(evaluation):
    """NIQE was measured on them, and ranks nothing."""
    real = next(of_set for of_set in read_results(evaluation).sets if of_set.role == "real")
    assert [choice.place for choice in choose(real, 2)] == ["unranked", "unranked"]


@pytest.fixture
def noisy(tmp_path):
    """One panel with a picture of 1000×800 pixels that compresses badly."""
    file = tmp_path / "rainy.png"
    noise = np.random.default_rng(0).integers(0, 256, (800, 1000, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file)
    return [{"rainy": file}]


def decode(layer):
    return Image.open(io.BytesIO(b64decode(layer.uri.split(",")[1])))


def test_pictures_are_webp_of_at_most_700_pixels(noisy):
    ((layer,),) = embed(noisy)
    picture = decode(layer)
    assert picture.format == "WEBP"
    assert picture.size == (layer.width, layer.height) == (700, 560)


def test_pictures_shrink_where_all_of_them_are_too_many(noisy, monkeypatch):
    ((large,),) = embed(noisy)
    monkeypatch.setattr(pictures, "MAX_BYTES", len(large.uri) // 2)
    ((small,),) = embed(noisy)
    assert small.width < large.width
    assert len(small.uri) <= pictures.MAX_BYTES * 4 / 3


def test_small_pictures_are_not_enlarged(tmp_path):
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    ((layer,),) = embed([{"rainy": tmp_path / "a.png"}])
    assert (layer.width, layer.height) == (40, 30)


@pytest.mark.parametrize(
    ("metric", "before", "after", "cell"),
    [
        (PSNR_Y, 20.0, 23.456, Cell("23.46 dB", "+3.46 dB", "better")),
        (PSNR_Y, 20.0, 19.0, Cell("19.00 dB", "−1.00 dB", "worse")),
        (PSNR_Y, 20.0, 20.0, Cell("20.00 dB", "+0.00 dB", "")),
        (NIQE, 5.0, 4.0, Cell("4.00", "−1.00", "better")),
        (NIQE, 4.0, 5.0, Cell("5.00", "+1.00", "worse")),
        (SHARPNESS, 20.0, 15.0, Cell("15.00", "75%", "")),
        (SHARPNESS, 0.0, 0.0, Cell("0.00", "", "")),
        (NIQE, None, 4.0, Cell("4.00", "", "")),
        (NIQE, 4.0, None, Cell()),
    ],
)
def test_a_change_says_whether_it_is_for_the_better(metric, before, after, cell):
    assert compare(metric, before, after) == cell
