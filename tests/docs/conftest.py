"""A project in which the pages of the documentation can be followed."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from ruamel.yaml import YAML

from ssid.evaluation.results import Score, write_scores
from ssid.models import create_model, save_model
from ssid.models.interop import IMPORTERS
from support.repository import PARAMS


@pytest.fixture
def project(tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: a project with what the pages take for granted, all of it tiny."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(PARAMS, "params")
    _shorten_pruning(Path("params/prune.yaml"))
    for folder in ("photographs", "photos/street", "photos/garden", *_sides("photos/pairs")):
        _photographs(Path(folder))
    _photographs(Path("photos/scenes/square"), 1)
    _photographs(Path("photos/marked/rainy"))
    _masks(Path("photos/marked/mask"))
    shutil.copy("photos/scenes/square/0.png", "photos/scenes/square/dry.png")
    shutil.copy("photographs/1.png", "my_picture.jpg")
    shutil.make_archive("data/raw/street", "zip", "photos/street")
    shutil.copytree(prepared / "real/tiny_real", "data/prepared/real/my_street")
    torch.manual_seed(0)
    save_model(Path("models/student.safetensors"), create_model("prenet", channels=4, stages=1))
    torch.save(_published("prenet"), "Rain100H.pth")
    for name, level in (("A", 20.0), ("B", 21.0)):
        _evaluation(Path(name), level)
    return tmp_path


def _sides(folder: str) -> list[str]:
    return [f"{folder}/rainy", f"{folder}/clean"]


def _photographs(folder: Path, count: int = 2) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 48, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")


def _masks(folder: Path, count: int = 2) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        mask = np.zeros((40, 48), np.uint8)
        mask[5:30, 20:23] = 255
        Image.fromarray(mask).save(folder / f"{number}.png")


def _shorten_pruning(file: Path) -> None:
    params = YAML().load(file)
    params["recovery"]["steps"] = 1
    params["latency"].update(repeats=2, warmup=0, height=32, width=32)
    YAML().dump(params, file)


def _published(family: str) -> dict[str, torch.Tensor]:
    """Return random weights as the authors of a family name them."""
    importer = IMPORTERS[family]
    ours = create_model(importer.recipe.name, **importer.recipe.options).state_dict()
    return {
        part: tensor.clone()
        for key, parts in importer.keys.items()
        for part, tensor in zip(parts, ours[key].chunk(len(parts)), strict=True)
    }


def _evaluation(folder: Path, level: float) -> None:
    """Leave an evaluation of three images, with their pictures."""
    scores = []
    for number in range(3):
        place = folder / "pictures/benchmark/street" / f"{number}"
        place.mkdir(parents=True)
        for picture in ("rainy", "student", "clean"):
            Image.new("RGB", (48, 40)).save(place / f"{picture}.png")
        measures = {"psnr_y": level + number}
        scores.append(Score("benchmark", "street", f"{number}", "student", measures))
    write_scores(folder / "images.csv", scores)
