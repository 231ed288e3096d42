import json

import pytest
import torch
from huggingface_hub import ModelCard
from safetensors import safe_open

import ssid
from ssid.errors import UserError
from ssid.export import Origin
from ssid.export.hub import licence_of, write_hub
from ssid.models import Recipe, create_model
from ssid.packaged import SIZES, packaged_student

RECIPE = Recipe("prenet", {"channels": 4, "stages": 1})


@pytest.fixture
def model():
    torch.manual_seed(0)
    return create_model("prenet", **RECIPE.options)


@pytest.mark.parametrize("half", [False, True])
def test_a_folder_is_read_back(model, half, tmp_path):
    write_hub(tmp_path / "hub", model, Origin("mit"), half)
    again = ssid.load_model(tmp_path / "hub")
    assert again.recipe == RECIPE
    image = torch.rand(1, 3, 20, 30)
    expected = model.half().float() if half else model
    with torch.no_grad():
        assert torch.equal(again(image), expected(image))


def test_the_folder_is_what_the_hub_expects(model, tmp_path):
    write_hub(tmp_path, model, Origin("MIT"))
    files = sorted(file.name for file in tmp_path.iterdir())
    assert files == ["README.md", "config.json", "model.safetensors"]
    card = ModelCard.load(tmp_path / "README.md")
    assert card.data.license == "mit"
    assert card.data.library_name == "ssid"
    assert card.data.pipeline_tag == "image-to-image"
    assert "deraining" in card.data.tags
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["recipe"]["options"] == RECIPE.options
    assert config["reach"] == 13  # head, cell, five units of two, tail
    with safe_open(tmp_path / "model.safetensors", framework="pt") as weights:
        assert set(weights.keys()) == set(model.state_dict())


def test_a_card_that_was_written_by_hand_is_kept(model, tmp_path):
    (tmp_path / "README.md").write_text("mine")
    write_hub(tmp_path, model, Origin("mit"))
    assert (tmp_path / "README.md").read_text() == "mine"


def test_the_licence_is_known_of_the_packaged_students_alone(tmp_path):
    for size in SIZES:
        assert licence_of(packaged_student(size)) == "apache-2.0"
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"")
    assert licence_of(other) == "not stated"


def test_a_folder_without_weights_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no model file .*model\.safetensors"):
        ssid.load_model(tmp_path)
