"""Tables of the documentation that a command makes: the measures behind them, and the pages."""

import json

import numpy as np
import pytest
import skimage.data
from PIL import Image

from benchmarks import (
    additivity,
    dvc_changes,
    loader,
    niqe_table,
    whose_ssim,
)
from benchmarks.folders import files_in, list_pairs
from ssid.errors import MissingFileError, UserError
from support.repository import ROOT

PAGES = {
    "additivity": (additivity, "docs/methods/rain.md"),
    "niqe": (niqe_table, "docs/methods/measures.md"),
    "whose_ssim": (whose_ssim, "docs/methods/measures.md"),
    "dvc_changes": (dvc_changes, "docs/experiments.md"),
    "loader": (loader, "docs/large.md"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_the_table_that_its_command_wrote(name):
    module, page = PAGES[name]
    rows = json.loads((ROOT / f"benchmarks/results/{name}.json").read_text("utf-8"))["rows"]
    assert module.table(rows) in (ROOT / page).read_text("utf-8")


def test_shares_of_rain_that_is_known():
    clean = np.full((4, 10, 3), 100, np.uint8)
    rainy = clean.copy()
    rainy[0] += 50  # ten pixels of gray light
    rainy[1, :5, 0] -= 20  # five pixels darker, and red alone
    rainy[2, :5] = (255, 200, 200)  # cut off: no statement on gray
    found = additivity.shares(rainy, clean)
    assert found == pytest.approx({"not_darker": 35 / 40, "darkening": 20, "gray": 10 / 15})


def test_what_did_not_change_is_additive_and_gray():
    clean = np.zeros((4, 4, 3), np.uint8)
    assert additivity.shares(clean, clean) == {"not_darker": 1, "darkening": 0, "gray": 1}


@pytest.fixture
def data(tmp_path):
    """Return a folder with a set of published layout for every place that the commands read."""
    picture = skimage.data.astronaut()[:320, :320]
    folders = {folder for folder, _ in niqe_table.SETS.values()} | {"paired/rain800/test"}
    for i, folder in enumerate(sorted(folders)):
        (tmp_path / folder).mkdir(parents=True)
        wide = "rain800" in folder
        for j in range(2):
            shown = np.hstack((picture, picture)) if wide else picture[:, : 320 - 8 * (i % 2) * j]
            Image.fromarray(shown).save(tmp_path / folder / f"{j}.png")
    for place in ("rain100l", "rain100h"):
        for side in ("rainy", "clean"):
            (tmp_path / "paired" / place / side).mkdir(parents=True, exist_ok=True)
            for j in range(2):
                Image.fromarray(picture).save(tmp_path / "paired" / place / side / f"{j}.png")
    return tmp_path


@pytest.mark.parametrize(
    "read",
    [
        lambda data: next(additivity.rendered(data, "demo", limit=1)),
        lambda data: niqe_table.measure("clean", data, niqe_table.same, limit=1),
        lambda data: list_pairs(data, "rain100l"),
        lambda data: list_pairs(data, "rain800"),
    ],
    ids=["additivity", "niqe", "halves", "side by side"],
)
def test_a_folder_of_data_that_is_elsewhere_is_named(read, tmp_path):
    with pytest.raises(UserError, match=rf"^{tmp_path}/elsewhere.*: no such folder"):
        read(tmp_path / "elsewhere")


def test_a_folder_without_files_is_named(tmp_path):
    with pytest.raises(UserError, match=rf"^{tmp_path}: found no file"):
        files_in(tmp_path)


@pytest.mark.parametrize("module", [additivity, niqe_table], ids=lambda module: module.__name__)
def test_a_command_writes_a_row_for_each_set_and_prints_them(module, data, tmp_path, capsys):
    output = tmp_path / "table.json"
    module.main(["--data", str(data), "--limit", "2", "--output", str(output)])
    content = json.loads(output.read_text())
    assert content["limit"] == 2
    assert module.table(content["rows"]) in capsys.readouterr().out


def test_an_absent_library_is_named_with_the_command_that_brings_it(monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(whose_ssim, "import_module", absent)
    with pytest.raises(MissingFileError, match="kornia is not installed: `uv run --with"):
        whose_ssim.peer("kornia")


def test_every_way_to_load_gives_crops(tmp_path, capsys):
    loader.main(["--images", "3", "--seconds", "0", "--rounds", "1", f"--output={tmp_path}/a.json"])
    rows = json.loads((tmp_path / "a.json").read_text("utf-8"))["rows"]
    assert len(rows) == (5 if loader.has_mosaic() else 3)
    assert loader.table(rows) in capsys.readouterr().out
    assert all(row["bytes"] > 0 for row in rows)
