import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from ssid.errors import UserError
from ssid.export import export_model
from ssid.inference.int8 import try_int8
from ssid.models import create_model


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
    trial = try_int8(network, photographs)
    kept = tmp_path / "network.int8.onnx"
    assert kept.is_file() == (trial.speed > 1) == (trial.file == kept)
    assert abs(trial.loss_db) < 3
    assert "dB lost" in str(trial)
    assert network.read_bytes() == before


def test_too_few_photographs_are_named(tmp_path):
    (tmp_path / "empty").mkdir()
    Image.new("RGB", (100, 100)).save(tmp_path / "empty" / "small.png")
    with pytest.raises(UserError, match=r"0 photographs in .* at least 256 pixels"):
        try_int8(tmp_path / "network.onnx", tmp_path / "empty")
