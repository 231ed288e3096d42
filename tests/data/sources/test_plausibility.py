"""Clean photographs are never silently taken for real rain, nor rainy ones for ground."""

from pathlib import Path

import pytest
import skimage.data

from ssid.data.catalogue import new_set
from ssid.data.rain.render import render
from ssid.data.sources.plausibility import check_clean
from ssid.data.sources.sides import Sides
from ssid.errors import UserError
from support.layouts import clean, each, lay, rainy
from support.releases import save


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "params").mkdir()
    (tmp_path / "params/data.yaml").write_text(
        "synthetic: {demo: {root: a, layout: photographs, rain: varied}}\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def saved(root, names, make=rainy):
    for i, name in enumerate(names):
        save(root / name, make(i, i) if make is rainy else make(i))
    return root


@pytest.mark.parametrize(
    "folder", ["gt", "norain", "no-rain", "rain_free", "Clear", "ground truth"]
)
def test_a_folder_that_says_clean_is_no_real_rain(project, folder):
    saved(project / "set", [f"{folder}/{i}.png" for i in range(4)], clean)
    for path in ("set", f"set/{folder}"):
        with pytest.raises(UserError, match="4 of 4 images lie in folders that say they are clean"):
            new_set("real", "mine", Path(path))
    assert new_set("real", "mine", Path("set"), layout="photographs").block.root == "set"


def test_a_part_that_pairs_is_asked_about(project):
    lay(project / "set", each("u/{}.png", "v/{}.png"))
    for i in range(20):
        save(project / f"set/w/{100 + i}.png", rainy(100 + i, i))
    with pytest.raises(UserError, match=r"only 8 of 28 images belong to pairs.*--layout phot"):
        new_set("real", "mine", Path("set"))
    assert new_set("real", "mine", Path("set"), layout="photographs").block.layout == "photographs"


@pytest.mark.parametrize("names", ["rain-{}.png", "rainy/{}.png", "{}_rain.png", "Regen/{}.png"])
def test_rain_is_not_rendered_on_what_is_called_rainy(project, names):
    saved(project / "set", [names.format(i) for i in range(24)])
    saved(project / "set", [f"other/{i}.png" for i in range(4)], clean)
    with pytest.raises(UserError, match="24 of 28 images are rainy by their names"):
        new_set("synthetic", "bg", Path("set"), rain="varied")
    block = new_set("synthetic", "bg", Path("set"), layout="photographs", rain="varied").block
    assert block.rain == "varied"


def test_rain_is_not_rendered_on_pairs(project):
    lay(project / "set", each("u/{}.png", "v/{}.png"))
    with pytest.raises(UserError, match="these are pairs: u is rainy"):
        new_set("synthetic", "bg", Path("set"), rain="varied")


def test_rain_is_not_rendered_on_what_looks_rainy(tmp_path):
    picture = skimage.data.astronaut()
    crops = [picture[y : y + 128, x : x + 128] for y in (0, 128, 256) for x in (0, 128, 256)]
    for i, crop in enumerate(crops):
        save(tmp_path / f"dry/{i}.png", crop)
        save(tmp_path / f"x/{i}.png", render(crop.copy(), "rain100h", i)[0])
    check_clean(tmp_path / "dry")
    with pytest.raises(UserError, match="the photographs look rainy"):
        check_clean(tmp_path / "x")


def test_published_photographs_are_told_by_their_streaks(shared_data):
    check_clean(shared_data / "clean/bsds/val")
    for name in ("paired/rain100h/rainy", "real/sirr147"):
        with pytest.raises(UserError, match=r"look rainy|rainy by their names"):
            check_clean(shared_data / name)


def test_the_sides_that_a_user_names_are_kept(project):
    lay(
        project / "set",
        each("Drop/{0}.png", "Clear/{0}.png") + each("Blur/{0}.png", "Clear/{0}.png"),
    )
    block = new_set("benchmark", "b", Path("set"), sides=Sides(("Drop", "Blur"), ("Clear",))).block
    assert (block.rainy, block.clean) == (["Drop", "Blur"], ["Clear"])
