import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch

from ssid.errors import UserError
from ssid.export import Origin, export_model
from ssid.export.program import Program
from ssid.extras import explain_missing
from ssid.inference.runtime import open_runner
from ssid.models import MODELS, create_model

SIZES = [(1, 481, 321), (1, 17, 33), (3, 64, 48), (2, 33, 100), (1, 96, 96)]
"""Batch, height and width: a photograph, one smaller than most networks pad to, and others."""

SMALL = {
    "afrnet": {"width": 4, "modules": 1},
    "afrnet_student": {"width": 4},
    "ddn": {"channels": 4, "units": 2},
    "hinet": {"width": 4},
    "mirnet": {"channels": 8, "groups": 1, "msrbs": 1},
    "mprnet": {"width": 8, "step": 4, "extra": 4, "cabs": 1},
    "prenet": {"channels": 4, "stages": 2},
    "rescan": {"channels": 4, "stages": 2},
    "rrg": {"channels": 8, "msrbs": 1},
    "sapnet": {"channels": 4, "stages": 2},
    "ssid_kd": {"widths": [2, 3, 4], "units": [1, 1, 1]},
    "unet": {"widths": [8, 12], "encoder_blocks": [0, 1], "decoder_blocks": [1]},
}


def network(name):
    torch.manual_seed(0)
    return create_model(name, **SMALL.get(name, {})).eval()


def images(size):
    batch, height, width = size
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(height))


@pytest.mark.parametrize("name", MODELS)
def test_padding_by_indices_is_that_of_the_network(name):
    model = network(name)
    for size in SIZES:
        if min(size[1:]) >= 2 * model.min_side or model.multiple > 1:
            with torch.no_grad():
                assert torch.equal(Program(model)(images(size)), model(images(size)))


@pytest.fixture(scope="module", params=["hinet", "ddn", "unet"])
def exported(request, tmp_path_factory):
    """One network that pads and one that does not, and the folder of their two programs."""
    pytest.importorskip("onnxscript", reason="needs the extra onnx")
    model, folder = network(request.param), tmp_path_factory.mktemp("programs")
    for name in ("network.pt2", "network.onnx"):
        export_model(model, folder / name, Origin("cc0-1.0", "a" * 40))
    return model, folder


@pytest.mark.parametrize("runtime", ["torch", "onnxruntime", "openvino"])
def test_programs_agree_with_their_network_at_every_size(exported, runtime):
    if runtime != "torch":
        pytest.importorskip(runtime, reason=f"needs the extra with {runtime}")
    model, folder = exported
    file = folder / ("network.pt2" if runtime == "torch" else "network.onnx")
    runner = open_runner(file, "auto" if runtime == "torch" else runtime, threads=1)
    for size in SIZES:
        with torch.no_grad():
            expected = model(images(size)).numpy()
        assert np.abs(runner.estimate(images(size).numpy()) - expected).max() < 1e-4


def test_files_say_what_they_hold(exported):
    onnx = pytest.importorskip("onnx")
    folder = exported[1]
    stored = {prop.key: prop.value for prop in onnx.load(folder / "network.onnx").metadata_props}
    described = json.loads(stored["ssid.json"])
    with zipfile.ZipFile(folder / "network.pt2") as archive:
        (entry,) = (name for name in archive.namelist() if name.endswith("/ssid.json"))
        assert described == json.loads(archive.read(entry))
    assert described["recipe"]["name"] in MODELS
    assert described["licence"] == "cc0-1.0"
    assert described["value_range"] == "0..1"
    assert described["colour_order"] == "RGB"
    assert described["commit"] == "a" * 40
    assert sorted(file.name for file in folder.iterdir()) == ["network.onnx", "network.pt2"]


def test_onnx_files_name_no_path_of_this_machine_and_have_free_sides(exported):
    onnx = pytest.importorskip("onnx")
    file = exported[1] / "network.onnx"
    assert b"site-packages" not in file.read_bytes()
    for value in (*onnx.load(file).graph.input, *onnx.load(file).graph.output):
        sides = [side.dim_param or side.dim_value for side in value.type.tensor_type.shape.dim]
        assert sides == ["batch", 3, "height", "width"]


def test_one_program_serves_tiny_images_too(exported):
    runner = open_runner(exported[1] / "network.onnx", threads=1)
    for size in ((1, 1, 1), (1, 2, 40), (2, 5, 3)):
        assert runner.estimate(images(size).numpy()).shape == tuple(images(size).shape)


def test_half_weights_take_half_the_space_and_the_same_network_the_same_bytes(tmp_path):
    pytest.importorskip("onnxscript", reason="needs the extra onnx")
    model = create_model("prenet", stages=1)
    for name in ("whole", "again"):
        export_model(model, tmp_path / f"{name}.onnx")
    export_model(model, tmp_path / "half.onnx", half=True)
    size = {file.stem: file.stat().st_size for file in tmp_path.iterdir()}
    assert (tmp_path / "whole.onnx").read_bytes() == (tmp_path / "again.onnx").read_bytes()
    assert 0.45 < size["half"] / size["whole"] < 0.6


@pytest.mark.parametrize(
    ("name", "half", "message"),
    [("a.pb", False, r"end in \.pt2 or \.onnx"), ("a.pt2", True, "only .onnx")],
)
def test_other_names_are_refused(name, half, message, tmp_path):
    with pytest.raises(UserError, match=message):
        export_model(network("ddn"), tmp_path / name, half=half)


@pytest.mark.parametrize(
    ("module", "extra"),
    [("onnxscript", "onnx"), ("openvino", "openvino"), ("av", "video"), ("tifffile", "depth")],
)
def test_a_missing_package_is_named_with_its_extra(module, extra):
    assert f"ssid[{extra}]" in explain_missing(module)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from ssid.entry import reporting
from ssid.export import export_model
from ssid.models import create_model
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
with reporting():
    export_model(create_model("ddn", channels=4, units=2), Path(sys.argv[1]))
"""


def test_a_disk_that_fills_up_while_a_program_is_written_is_one_message(tmp_path):
    path = tmp_path / "network.pt2"
    command = [sys.executable, "-c", FULL_DISK, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {path}: File too large. ")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
