"""Scores of images, and what becomes of them in tables."""

import csv
from dataclasses import fields

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from ssid.evaluation.scores import (
    METRICS,
    Measures,
    Score,
    measure,
    save_pictures,
    spread,
    summarise,
    write_scores,
)


def picture(seed: int, side: int = 200) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side + 8, 3), dtype=np.uint8)


def test_fidelity_needs_a_clean_picture_and_niqe_does_not() -> None:
    alone = measure(picture(0), None, ["psnr", "ssim", "niqe"])
    assert alone.psnr_y is None
    assert alone.niqe is not None
    pair = measure(picture(0), picture(1), ["psnr"])
    expected = peak_signal_noise_ratio(picture(1), picture(0))
    assert pair.psnr_rgb == pytest.approx(expected, abs=1e-9)
    assert pair.ssim_y is None
    assert pair.niqe is None


def test_small_and_flat_pictures_have_no_niqe() -> None:
    flat = np.full((200, 200, 3), 128, np.uint8)
    assert measure(picture(0, side=64), None, ["niqe"]).niqe is None
    assert measure(flat, None, ["niqe"]).niqe is None


def test_means_are_over_the_images_that_have_the_metric() -> None:
    scores = [
        Score("real", "a", "1", "rainy", Measures(niqe=4.0, sharpness=1.0)),
        Score("real", "a", "2", "rainy", Measures(niqe=None, sharpness=2.0)),
        Score("real", "a", "1", "student", Measures(niqe=3.0)),
    ]
    assert summarise(scores) == {
        "real": {"a": {"rainy": {"niqe": 4.0, "sharpness": 1.5}, "student": {"niqe": 3.0}}}
    }


@pytest.mark.parametrize(("count", "limit"), [(10, 3), (3, 10), (7, 7), (5, None)])
def test_a_limit_spreads_over_the_set(count: int, limit: int | None) -> None:
    chosen = spread(count, limit)
    assert len(chosen) == min(count, limit or count)
    assert chosen == sorted(set(chosen))
    assert set(chosen) <= set(range(count))


def test_rows_and_pictures_are_written(tmp_path) -> None:
    write_scores(tmp_path / "images.csv", [Score("real", "a", "1", "rainy", Measures(niqe=4.0))])
    (row,) = csv.DictReader((tmp_path / "images.csv").open())
    assert row["niqe"] == "4.0"
    assert row["psnr_y"] == ""
    assert set(row) == {"role", "set", "image", "method", *METRICS}
    assert tuple(field.name for field in fields(Measures)) == METRICS
    save_pictures(tmp_path / "b/street.jpg", {"rainy": picture(0)})
    assert (tmp_path / "b/street.jpg/rainy.png").is_file()
