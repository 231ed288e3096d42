"""The blocks of params/evaluate.yaml that may be null."""

from pathlib import Path

import pytest

from ssid.config.load import parse_params
from ssid.errors import UserError
from ssid.evaluation.params import EvaluateParams

FILE = Path("params/evaluate.yaml")
BLOCK = "{architecture: Unet, encoder: resnet18, classes: 19, weights: unet.safetensors"


def read(segmentation):
    text = f"metrics: [psnr]\ndownstream:\n  segmentation: {segmentation}\n"
    return parse_params(text, FILE, EvaluateParams).downstream


def test_no_network_judges_unless_named():
    assert parse_params("metrics: [psnr]", FILE, EvaluateParams).downstream.detection is None
    assert read("null").segmentation is None
    assert read(BLOCK + "}").segmentation.mean == [0.485, 0.456, 0.406]


@pytest.mark.parametrize(
    ("segmentation", "problem"),
    [
        (BLOCK + ", encodr: x}", r"segmentation\.encodr: unknown key\. Did you mean 'encoder'\?"),
        (BLOCK + ", mean: [0.5, 0.5]}", r"segmentation\.mean: .*at least 3 items"),
        (BLOCK + ", std: [1, 0, 1]}", r"segmentation\.std\.1: .*greater than 0"),
        ("{architecture: Unet}", r"segmentation\.weights: this key is missing"),
        ("Unet", r"segmentation: .*should be a block of keys.* architecture, encoder"),
    ],
)
def test_mistakes_in_such_a_block_are_told(segmentation, problem):
    with pytest.raises(UserError, match=problem):
        read(segmentation)
