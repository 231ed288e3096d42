import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from ssid.deployment import export
from ssid.errors import UserError
from ssid.export import export_model
from ssid.inference.int8 import rain_on, try_int8
from ssid.models import create_model, save_model


@pytest.fixture
def photographs(tmp_path):
    folder = tmp_path / "photographs"
    folder.mkdir()
    for i, shift in enumerate((0, 60, 120, 180)):
        pixels = skimage.data.astronaut()[shift : shift + 256, shift : shift + 256]
        Image.fromarray(np.ascontiguousarray(pixels)).save(folder / f"{i}.png")
    return folder


def test_integers_are_kept_where_they_are_faster_and_their_loss_is_told(tmp_path, photographs):
    pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    torch.manual_seed(0)
    network = tmp_path / "network.onnx"
    export_model(create_model("prenet", stages=1, channels=8, units=1), network)
    before = network.read_bytes()
    trial = try_int8(network, rain_on(photographs))
    kept = tmp_path / "network.int8.onnx"
    assert kept.is_file() == (trial.speed > 1) == (trial.file == kept)
    assert abs(trial.loss_db) < 3
    assert "dB lost" in str(trial)
    assert network.read_bytes() == before


def test_too_few_photographs_are_named(tmp_path):
    (tmp_path / "empty").mkdir()
    Image.new("RGB", (100, 100)).save(tmp_path / "empty" / "small.png")
    with pytest.raises(UserError, match=r"0 photographs in .* at least 256 pixels"):
        rain_on(tmp_path / "empty")
    with pytest.raises(UserError, match="there is no file or folder"):
        rain_on(tmp_path / "absent")


def test_photographs_are_looked_at_before_the_network_is_exported(tmp_path):
    (tmp_path / "empty").mkdir()
    save_model(tmp_path / "network.safetensors", create_model("ddn", channels=4, units=2))
    with pytest.raises(UserError, match="no photographs were found"):
        export(tmp_path / "network.safetensors", int8=tmp_path / "empty")
    assert not list(tmp_path.glob("*.onnx"))
