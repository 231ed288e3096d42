"""What others import: frozen names, quick to load, with examples that run."""

import doctest
import importlib
import subprocess
import sys

import numpy as np
import pytest
import skimage.data
from PIL import Image

import ssid
from ssid.errors import InvalidValueError, MissingFileError, UnknownNameError
from ssid.packaged import DEFAULT

PUBLIC = {"__version__", "create_model", "derain", "list_models", "load_model"}
WITH_EXAMPLES = ["ssid.api", "ssid.extras", "ssid.models.registry", "ssid.models.weights"]
WITH_EXAMPLES += ["ssid.pictures"]


def test_public_names_are_frozen():
    assert set(ssid.__all__) == PUBLIC
    assert set(dir(ssid)) >= PUBLIC
    assert all(getattr(ssid, name) is not None for name in PUBLIC)
    with pytest.raises(AttributeError, match="'ssid' has no attribute 'derian'"):
        ssid.derian  # noqa: B018


def test_importing_loads_nothing_heavy():
    asked = "import sys, ssid; print([m for m in ('torch', 'numpy', 'PIL') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", asked], text=True) == "[]\n"


def test_help_loads_nothing_heavy():
    asked = "import sys, ssid.cli; print([m for m in ('torch', 'pydantic') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", asked], text=True) == "[]\n"


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_examples_run(module):
    found = doctest.testmod(importlib.import_module(module))
    assert found.attempted > 0
    assert found.failed == 0


def test_a_photograph_is_derained_from_its_file_or_its_pixels(tmp_path):
    pixels = np.ascontiguousarray(skimage.data.chelsea()[:64, :80])
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    network = ssid.load_model()
    derained = ssid.derain(tmp_path / "photo.png", network)
    assert derained.shape == pixels.shape
    assert derained.dtype == np.uint8
    assert np.array_equal(ssid.derain(pixels), derained)
    assert network.recipe == ssid.load_model(DEFAULT).recipe


def test_mistakes_can_be_caught_by_their_standard_names(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no picture"):
        ssid.derain(tmp_path / "absent.png")
    with pytest.raises(FileNotFoundError, match="there is no model file"):
        ssid.load_model(tmp_path / "absent.safetensors")
    with pytest.raises(ValueError, match="expected H×W×3 of uint8"):
        ssid.derain(np.zeros((4, 4), np.uint8))
    with pytest.raises(LookupError, match=r"unknown model 'prent'\. Did you mean 'prenet'\?"):
        ssid.create_model("prent")
    assert issubclass(InvalidValueError, ValueError)
    assert issubclass(MissingFileError, FileNotFoundError)
    assert issubclass(UnknownNameError, LookupError)
