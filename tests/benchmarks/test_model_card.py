"""The figures of the model card, on thumbnails laid out like the published sets."""

import json
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from benchmarks.card_tables import read_reports, tables
from benchmarks.model_card import MASKED, PAIRS, REAL, SHOWN, at_full_size, main
from benchmarks.sets import load_catalogue
from ssid.data.rain.render import render
from ssid.metrics.efficiency import count_parameters
from ssid.metrics.streaks import StreakScores
from ssid.models import Recipe, build, load_model, save_model
from ssid.pictures import MAX_BYTES, Row, write_rows
from support.repository import ROOT

RECIPE = Recipe("hinet", {"width": 4})


def save(picture, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Return a folder of three images in each set, laid out as benchmarks/params/data.yaml says."""
    folder = tmp_path_factory.mktemp("shared")
    for i in range(3):
        clean = np.ascontiguousarray(skimage.data.astronaut()[120 * i :, 100 * i :][:120, :104])
        rainy = render(clean, "rain100h", i)[0]
        for name in ("rain100l", "rain100h"):
            save(rainy, folder / "paired" / name / "rainy" / f"{i}.png")
            save(clean, folder / "paired" / name / "clean" / f"{i}.png")
        save(np.hstack((clean, rainy)), folder / "paired/rain800/test" / f"{i}.png")
        for name in REAL:
            save(rainy, folder / "real" / name / f"{i}.png")
        mask = (rainy.astype(int) - clean).max(axis=2) > 20
        save(rainy, folder / "real" / MASKED[0] / "rainy" / f"{i}.png")
        save(mask.astype(np.uint8) * 255, folder / "real" / MASKED[0] / "mask" / f"{i}.png")
    return folder


@pytest.fixture(scope="module")
def output(data, tmp_path_factory):
    """Return the folder in which a network that darkens a little was packaged and measured."""
    folder = tmp_path_factory.mktemp("card")
    torch.manual_seed(0)
    network = build(RECIPE)
    with torch.no_grad():
        network.last.weight.zero_()
        network.last.bias.fill_(-0.1)
    save_model(folder / "model.safetensors", network)
    options = (
        folder / "model.safetensors",
        "--data",
        data,
        "--runs",
        folder / "runs",
        "--output",
        folder,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        main(["small", "--model", *map(str, options), "--quick"])
    return folder


def test_some_sets_are_measured_again_and_the_others_stay(output, data, report, monkeypatch):
    monkeypatch.chdir(ROOT)
    changed = json.loads(json.dumps(report))
    changed["sets"]["spa_masks"]["derained"]["streak_auc"] = -1
    changed["sets"]["rain800"]["images"] = -1
    file = output / "benchmarks/results/packaged_small.json"
    file.write_text(json.dumps(changed))
    options = ("--data", data, "--runs", output / "runs", "--output", output, "--quick")
    main(["small", *map(str, options), "--sets", "spa_masks"])
    sets = json.loads(file.read_text())["sets"]
    file.write_text(json.dumps(report))
    assert sets["spa_masks"]["derained"] == report["sets"]["spa_masks"]["derained"]
    assert sets["rain800"]["images"] == -1


@pytest.fixture
def report(output):
    return json.loads((output / "benchmarks/results/packaged_small.json").read_text())


def test_the_packaged_file_is_the_model_at_half_precision(output, report):
    packaged = output / "ssid/packaged/small.safetensors"
    network = load_model(packaged)
    assert network.recipe == RECIPE
    assert network.last.bias[0] == torch.tensor(-0.1).half()
    assert report["cost"]["bytes"] == packaged.stat().st_size
    assert report["cost"]["parameters"] == count_parameters(network)
    assert report["cost"]["bytes"] < 0.6 * (output / "model.safetensors").stat().st_size


def test_every_set_is_measured_before_and_after(report):
    assert list(report["sets"]) == [*PAIRS, *MASKED, *REAL]
    for name, measured in report["sets"].items():
        assert measured["images"] == 2
        fidelity = {"psnr_rgb", "psnr_y", "ssim_rgb", "ssim_y"} if name in PAIRS else set()
        streaks = set(StreakScores._fields) if name in MASKED else set()
        for method in ("rainy", "derained"):
            assert measured[method].keys() == {*fidelity, *streaks, "sharpness"}  # small for NIQE
    assert report["sets"]["spa_masks"]["median_1x15"]["streak_auc"] > 0.6
    assert report["sets"]["real275"]["files_left_out"] == 1
    heavy = report["sets"]["rain100h"]
    mean = heavy["derained"]["psnr_y"] - heavy["rainy"]["psnr_y"]
    assert heavy["gain_psnr_y"]["mean"] == pytest.approx(mean, abs=2e-4)
    assert heavy["gain_psnr_y"]["least"]["gain"] < mean
    assert heavy["gain_psnr_y"]["least"]["image"] in ("rainy/0.png", "rainy/1.png")


def test_latency_is_compared_round_by_round(report):
    (timed,) = report["latency"].values()
    assert len(timed["rounds"]) == 2
    shares = sorted(each["student"] / each["prenet"] for each in timed["rounds"])
    assert shares[0] <= timed["share_of_prenet"] + 1e-4
    assert timed["share_of_prenet"] - 1e-4 <= shares[1]
    assert "1 thread" in report["protocol"]["latency"]


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("docs/packaged_small.jpg", 2 * len(SHOWN)),  # median and worst of each set of pairs
        (
            "runs/packaged_small.jpg",
            2 * len(PAIRS) + 6,
        ),  # and thumbnails of three sets of real rain
    ],
)
def test_the_pictures_have_a_row_for_each_choice(output, name, rows):
    picture = Image.open(output / name)
    assert picture.format == "JPEG"
    assert picture.width == 800
    assert rows * (24 + 200) < picture.height <= rows * (24 + 300)


def test_pictures_of_noise_are_made_to_fit(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    write_rows(tmp_path / "rows.jpg", [Row("noise", (noise, noise))] * 3)
    assert MAX_BYTES / 2 < (tmp_path / "rows.jpg").stat().st_size <= MAX_BYTES


def test_the_card_shows_what_was_measured():
    card = (ROOT / "ssid" / "packaged" / "README.md").read_text("utf-8")
    assert tables(read_reports(ROOT / "benchmarks" / "results")) in card


def test_real_photographs_keep_their_size(monkeypatch):
    monkeypatch.chdir(ROOT)
    catalogue = load_catalogue(Path("data"), small=False)
    real = at_full_size(catalogue).real
    assert {name: real[name].limit for name in REAL} == REAL
    assert {real[name].max_side for name in REAL} == {None}
    assert real["rain800"] == catalogue.real["rain800"]
