"""The student that the package carries: small, loadable, and of use without any training."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image
from safetensors.torch import load_file
from typer.testing import CliRunner

from ssid.cli import app
from ssid.data.rain.render import render
from ssid.errors import UserError
from ssid.evaluation.scores import measure
from ssid.inference import choose_model, derain
from ssid.models import load_model
from ssid.packaged import DEFAULT, SIZES, packaged_student
from support.repository import ROOT

MAX_BYTES = 8 * 10**6
NOTHING = Path("nothing trained here")


@pytest.fixture(params=SIZES)
def student(request) -> Path:
    """The packaged file of each size."""
    return packaged_student(request.param)


def rainy_and_clean(profile):
    """Return a photograph that training never saw, under 28, 13 or 22 dB of rain, by profile."""
    clean = np.ascontiguousarray(skimage.data.chelsea()[20:276, 90:346])
    return render(clean, profile, seed=4)[0], clean


def test_weights_and_card_are_data_of_the_package(student):
    assert student.parent == Path(str(files("ssid"))) / "packaged"
    assert student.stat().st_size <= MAX_BYTES
    card = (files("ssid") / "packaged" / "README.md").read_text("utf-8")
    assert "TODO(" not in card
    assert student.stem in card


def test_a_student_is_chosen_by_its_size_or_by_its_file_but_not_by_both(student):
    size = student.stem
    assert choose_model(None, size, NOTHING) == student
    assert choose_model(student, None, NOTHING) == student
    assert load_model(size).recipe == load_model(student).recipe
    with pytest.raises(UserError, match="Name one of them"):
        choose_model(student, size, NOTHING)


def test_the_default_is_a_size():
    assert choose_model(None, None, NOTHING) == packaged_student(DEFAULT)
    assert load_model("packaged").recipe == load_model(DEFAULT).recipe


def test_weights_are_finite_numbers(student):
    assert all(tensor.isfinite().all() for tensor in load_file(student).values())


@pytest.mark.parametrize("profile", ["rain100l", "rain100h", "varied"])
def test_it_improves_on_leaving_the_rain_in(student, profile):
    network = load_model(student).eval()
    rainy, clean = rainy_and_clean(profile)
    before, after = (measure(p, clean, ["psnr", "ssim"]) for p in (rainy, derain(network, rainy)))
    assert after["psnr_y"] > before["psnr_y"] + 1
    assert after["ssim_y"] > before["ssim_y"]


def test_it_derains_a_photograph_where_there_is_no_project(student, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rainy, clean = rainy_and_clean("rain100h")
    Image.fromarray(rainy).save("photo.png")
    said = (
        CliRunner()
        .invoke(app, ["derain", "photo.png", "--size", student.stem], catch_exceptions=False)
        .stdout
    )
    assert said == f"model: {student}\nwrote derained/photo.png\n"
    derained = np.asarray(Image.open("derained/photo.png"))
    before, after = (measure(p, clean, ["psnr"])["psnr_y"] for p in (rainy, derained))
    assert after > before + 1
    assert np.asarray(Image.open("photo.png")).tobytes() == rainy.tobytes()


def test_the_card_links_to_files_that_exist():
    for size in SIZES:
        assert (ROOT / "docs" / f"packaged_{size}.jpg").stat().st_size <= 300_000
        assert (ROOT / "benchmarks" / "results" / f"packaged_{size}.json").is_file()
