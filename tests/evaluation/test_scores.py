"""Scores of images, and what becomes of them in tables."""

import csv

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from ssid.evaluation.results import Score, write_scores
from ssid.evaluation.scores import measure, save_pictures, summarise
from ssid.metrics.table import METRICS


def picture(seed: int, side: int = 300) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side + 8, 3), dtype=np.uint8)


def test_fidelity_needs_a_clean_picture_and_niqe_does_not() -> None:
    alone = measure(picture(0), None, ["psnr", "ssim", "niqe"])
    assert "psnr_y" not in alone
    assert alone["niqe"] > 0
    pair = measure(picture(0), picture(1), ["psnr"])
    expected = peak_signal_noise_ratio(picture(1), picture(0))
    assert pair["psnr_rgb"] == pytest.approx(expected, abs=1e-9)
    assert "ssim_y" not in pair
    assert "niqe" not in pair


def test_small_and_flat_pictures_have_no_niqe() -> None:
    flat = np.full((200, 200, 3), 128, np.uint8)
    assert "niqe" not in measure(picture(0, side=64), None, ["niqe"])
    assert "niqe" not in measure(flat, None, ["niqe"])


def test_means_are_over_the_images_that_have_the_metric() -> None:
    scores = [
        Score("real", "a", "1", "rainy", {"niqe": 4.0, "sharpness": 1.0}),
        Score("real", "a", "2", "rainy", {"sharpness": 2.0}),
        Score("real", "a", "1", "student", {"niqe": 3.0}),
    ]
    assert summarise(scores) == {
        "real": {"a": {"rainy": {"niqe": 4.0, "sharpness": 1.5}, "student": {"niqe": 3.0}}}
    }


def test_rows_and_pictures_are_written(tmp_path) -> None:
    write_scores(tmp_path / "images.csv", [Score("real", "a", "1", "rainy", {"niqe": 4.0})])
    (row,) = csv.DictReader((tmp_path / "images.csv").open())
    assert row["niqe"] == "4.0"
    assert row["psnr_y"] == ""
    measured = {metric.key for metric in METRICS.values() if metric.family != "downstream"}
    assert set(row) == {"role", "set", "image", "method", *measured}
    save_pictures(tmp_path / "b/street.jpg", {"rainy": picture(0)})
    assert (tmp_path / "b/street.jpg/rainy.png").is_file()
