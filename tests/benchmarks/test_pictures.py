"""Pictures of the documentation that need networks: they show what they say, of any network."""

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks import attention_maps, dreamed_pictures
from ssid.errors import UserError
from ssid.models import create_model, save_model


@pytest.fixture
def data(tmp_path):
    """Return a folder with a test set of two pairs, and photographs to dream of."""
    rng = np.random.default_rng(0)
    for folder in ("paired/rain100h/rainy", "paired/rain100h/clean", "clean/bsds/val"):
        (tmp_path / folder).mkdir(parents=True)
        for i in range(4):
            pixels = rng.integers(0, 255, (160, 144, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / f"{i}.png")
    return tmp_path


def model_file(folder, name, **options):
    path = folder / f"{name}.safetensors"
    save_model(path, create_model(name, **options))
    return path


def test_attention_of_teacher_and_students_is_drawn(data):
    networks = [
        model_file(data, "afrnet", width=4, modules=1),
        model_file(data, "afrnet_student", width=4),
    ]
    attention_maps.main(networks, data, data / "maps.jpg", images=2)
    with Image.open(data / "maps.jpg") as sheet:
        assert sheet.width == 5 * 400  # rainy, rain, mask, teacher, student


def test_maps_are_of_the_size_of_the_picture_and_the_truth_is_where_rain_is():
    network = create_model("afrnet_student", width=4).eval()
    clean = torch.full((3, 40, 48), 0.3)
    rainy = clean.clone()
    rainy[:, 10:20, 5] = 0.9
    shown = list(attention_maps.maps([network], rainy, clean))
    assert {picture.shape for picture in shown} == {(40, 48, 3)}
    assert np.unique(np.argwhere(shown[1])[:, 1]).tolist()[:1] == [5]
    assert (shown[1] > 0).sum() == 10 * 3


def test_networks_without_attention_are_refused(data):
    with pytest.raises(UserError, match=r"ddn.safetensors: found another network"):
        attention_maps.main([model_file(data, "ddn", channels=4, units=1)], data, data / "maps.jpg")


def test_dreams_with_and_without_diversity_are_drawn(data, capsys, monkeypatch):
    monkeypatch.setattr(dreamed_pictures, "MAX_BYTES", 10**7)  # two steps after noise is noise
    model = model_file(data, "ddn", channels=4, units=1)
    dreamed_pictures.main(data, str(model), steps=2, output=data / "dreams.jpg")
    with Image.open(data / "dreams.jpg") as sheet:
        assert sheet.width == 4 * 400
    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in told] == ["diversity 0", "diversity 0.05"]
    assert told[0] != told[1]
