"""From model file to smaller model file."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from ssid.config.load import load_params
from ssid.errors import UserError
from ssid.models import create_model, load_model, save_model
from ssid.prune import job
from ssid.prune.images import in_rain, random_crops, random_noise, read_pictures
from ssid.prune.job import prune_model
from ssid.prune.params import PruneParams
from support.repository import ROOT
from tests.prune.conftest import SMALL

SHIPPED = ROOT / "params"
QUICK = {"height": 32, "width": 32, "repeats": 2, "warmup": 0}


class Notes:
    """Keeps what a run records."""

    def __init__(self):
        self.values, self.pictures, self.recorded = [], {}, {}

    def params(self, params):
        self.recorded = params

    def metrics(self, metrics, step):
        self.values += [(name, step) for name in metrics]

    def picture(self, image, name):
        self.pictures[name] = image


@pytest.fixture
def photographs(tmp_path):
    folder = tmp_path / "clean"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(3):
        pixels = rng.integers(0, 255, (40, 50, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    (folder / "broken.png").write_bytes(b"no image")
    return folder


@pytest.fixture
def model_file(tmp_path):
    path = tmp_path / "models/rain.safetensors"
    model = create_model("prenet", **SMALL["prenet"])
    save_model(path, model)
    return path


def params(clean, images="dreamed", unit="filters", steps=12, rounds=1, **more):
    recovery = {"images": images, "clean": str(clean), "steps": steps, "batch": 2, "patch": 32}
    recovery |= {"dream": {"steps": 6}, **more}
    return PruneParams(unit=unit, rounds=rounds, recovery=recovery, latency=QUICK)


@pytest.mark.parametrize("unit", ["filters", "weights"])
@pytest.mark.parametrize("images", ["dreamed", "clean", "noise"])
def test_the_smaller_model_lies_beside_its_report(unit, images, model_file, photographs, tmp_path):
    output = tmp_path / "models/small.safetensors"
    report = prune_model(model_file, output, params(photographs, images, unit))
    assert json.loads(output.with_suffix(".json").read_text()) == report
    assert report["macs"] == pytest.approx(0.6, abs=0.01)
    assert report["after"]["gmacs"] == pytest.approx(0.6 * report["before"]["gmacs"], rel=0.02)
    loaded = load_model(output)
    smaller = report["after"]["parameters"] < report["before"]["parameters"]
    assert smaller == (unit == "filters")
    assert loaded(torch.rand(1, 3, 33, 41)).shape == (1, 3, 33, 41)


def test_a_place_that_takes_no_file_is_said_before_any_work(model_file, photographs, monkeypatch):
    monkeypatch.setattr(job, "prune", lambda *arguments: pytest.fail("worked in vain"))
    with pytest.raises(IsADirectoryError):
        prune_model(model_file, photographs, params(photographs))


def test_dreams_and_losses_are_recorded(model_file, photographs, tmp_path):
    notes = Notes()
    prune_model(model_file, tmp_path / "small.safetensors", params(photographs), notes)
    assert notes.recorded["prune"]["macs"] == 0.6
    assert set(notes.pictures) == {"dreams/000006.png", "dreams/000012.png"}
    assert notes.pictures["dreams/000006.png"].shape == (64, 64, 3)
    assert ("dream/distance", 6) in notes.values
    assert ("recovery/distillation", 10) in notes.values


def test_rounds_go_on_dreaming_where_the_one_before_stopped(model_file, photographs, tmp_path):
    notes, asked = Notes(), params(photographs, steps=12, rounds=2)
    report = prune_model(model_file, tmp_path / "small.safetensors", asked, notes)
    assert report["macs"] == pytest.approx(0.6, abs=0.01)
    assert set(notes.pictures) == {f"dreams/{step:06}.png" for step in (6, 12, 18, 24)}
    steps = [step for name, step in notes.values if name == "recovery/distillation"]
    assert steps == [10, 12, 22, 24]


@pytest.mark.parametrize("images", ["dreamed", "clean", "noise"])
def test_half_of_each_batch_can_be_in_rendered_rain(images, model_file, photographs, monkeypatch):
    asked = params(photographs, images, batch=5, rain="rain100h").recovery
    batches = job._images(load_model(model_file).requires_grad_(False), asked, 0, None)
    clean = np.stack(in_rain(read_pictures(photographs), "rain100h", 0)) / 255  # N×H×W×3
    for batch in (next(batches), next(batches)):
        assert batch.shape == (5, 3, 32, 32)
        assert [is_crop_of(clean, image) for image in batch] == [False] * 3 + [True] * 2


def is_crop_of(pictures, image):
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (32, 32), axis=(1, 2))
    return bool(np.isclose(windows, image.numpy(), atol=1e-6).all((3, 4, 5)).any())


def test_a_batch_too_small_to_be_halved_is_told(photographs):
    with pytest.raises(ValueError, match="it should be 3 or more"):
        params(photographs, batch=2, rain="varied")


def test_the_result_is_the_same_again(model_file, photographs, tmp_path):
    files = [tmp_path / f"{name}.safetensors" for name in "ab"]
    for file in files:
        prune_model(model_file, file, params(photographs))
    first, second = map(load_model, files)
    assert first.recipe == second.recipe
    weights = first.state_dict()
    assert all(torch.equal(weights[key], t) for key, t in second.state_dict().items())


def test_an_impossible_budget_is_told(model_file, photographs, tmp_path):
    asked = params(photographs).model_copy(update={"macs": 1e-6})
    with pytest.raises(UserError, match=r"rain.safetensors cannot be pruned: pruning can leave"):
        prune_model(model_file, tmp_path / "x.safetensors", asked)


def test_crops_come_from_the_photographs_that_can_be_used(photographs):
    pictures = read_pictures(photographs)
    assert [picture.shape for picture in pictures] == [(40, 50, 3)] * 3
    crops = next(random_crops(pictures, 2, 48, seed=0))  # taller than the photographs
    assert crops.shape == (2, 3, 48, 48)
    assert 0 <= crops.min() < crops.max() <= 1
    assert torch.equal(crops, next(random_crops(pictures, 2, 48, seed=0)))
    assert not torch.equal(next(random_noise(2, 8, 0)), next(random_noise(2, 8, 1)))


def test_photographs_that_are_not_there_are_told(tmp_path):
    with pytest.raises(UserError, match="no folder or list of clean photographs"):
        read_pictures(tmp_path / "nowhere")
    with pytest.raises(UserError, match="no photographs that can be used"):
        read_pictures(tmp_path)


def test_the_shipped_parameters_fit_and_name_their_photographs():
    shipped = load_params(SHIPPED / "prune.yaml", PruneParams)
    assert shipped == PruneParams()
    assert len(read_pictures(SHIPPED.parent / shipped.recovery.clean)) == 5


def test_an_unknown_criterion_is_told_by_its_line(tmp_path):
    path = tmp_path / "prune.yaml"
    path.write_text("macs: 0.6\ncriterion: lampp\n")
    with pytest.raises(UserError, match=r"prune.yaml:2: criterion: .*Did you mean 'lamp'"):
        load_params(path, PruneParams)
