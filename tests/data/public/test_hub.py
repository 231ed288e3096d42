"""Data sets of the hub become folders; a local folder of the same kind stands for the hub."""

import io

import datasets
import pytest
from PIL import Image
from typer.testing import CliRunner

from ssid.cli import app
from ssid.data.params import BenchmarkSet
from ssid.data.prepare import prepare
from ssid.data.public.hub import fetch_from_hub
from ssid.data.rain.render import render
from ssid.data.sources.detection import detect_layout
from ssid.errors import UserError
from support.hostile import photograph


def png(picture):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return {"bytes": file.getvalue(), "path": None}


def publish(folder, columns):
    """Write a table of images as parquet, as the hub has it."""
    features = {name: datasets.Image() for name in columns} | {"label": datasets.Value("int64")}
    table = columns | {"label": list(range(len(next(iter(columns.values())))))}
    folder.mkdir()
    made = datasets.Dataset.from_dict(table, features=datasets.Features(features))
    made.to_parquet(folder / "train-00000-of-00001.parquet")
    return str(folder)


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def test_columns_of_pairs_become_a_benchmark(tmp_path):
    clean = [photograph(i) for i in range(3)]
    rainy = [render(picture, "rain100l", 0)[0] for picture in clean]
    columns = {"input": [*map(png, rainy)], "target": [*map(png, clean[:2]), None]}
    folder = fetch_from_hub("pairs", publish(tmp_path / "hub", columns), tmp_path / "raw")
    assert folder == tmp_path / "raw" / "pairs"
    assert (folder / "train/input/1.png").read_bytes() == columns["input"][1]["bytes"]
    assert detect_layout(folder).layout == "pairs"
    block = BenchmarkSet(root=str(folder), layout="pairs")
    summary = prepare("benchmark", "pairs", block, tmp_path / "out", 1)
    assert (summary.files, summary.images, summary.quarantined) == (5, 2, 1)
    with pytest.raises(UserError, match="is there already"):
        fetch_from_hub("pairs", str(tmp_path / "hub"), tmp_path / "raw")


def test_the_command_says_what_is_next(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params").mkdir()
    publish(tmp_path / "hub", {"image": [png(photograph(0))]})
    done = CliRunner().invoke(app, ["data", "get", "mine", "--hub", "./hub"])
    assert done.exit_code == 0
    assert done.output.endswith("next: uv run ssid data add mine data/raw/mine\n")
    assert (tmp_path / "data/raw/mine/train/image/0.png").is_file()


def test_a_folder_of_images_is_copied_byte_by_byte(tmp_path):
    (tmp_path / "hub" / "train").mkdir(parents=True)
    Image.fromarray(photograph(1)).save(tmp_path / "hub" / "train" / "a.jpg")
    folder = fetch_from_hub("photos", str(tmp_path / "hub"), tmp_path / "raw")
    copy = (folder / "train/image/0.jpg").read_bytes()
    assert copy == (tmp_path / "hub/train/a.jpg").read_bytes()


@pytest.mark.parametrize(
    ("name", "columns", "message"),
    [
        ("../up", {"image": [None]}, "cannot be the name of a data set"),
        ("a", {"../../up": [png(photograph(0))]}, "cannot be fetched.*'../../up' cannot be"),
        ("a", {}, "has no column of images"),
    ],
)
def test_nothing_is_written_elsewhere(tmp_path, name, columns, message):
    repository = publish(tmp_path / "hub", columns or {"label": [1]})
    with pytest.raises(UserError, match=message):
        fetch_from_hub(name, repository, tmp_path / "raw")
    assert not list((tmp_path / "raw").glob("*"))
    assert not (tmp_path / "up").exists()


def test_without_the_hub_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="owner/name cannot be fetched from the hub"):
        fetch_from_hub("a", "owner/name", tmp_path / "raw")
