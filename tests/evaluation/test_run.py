"""A whole evaluation: the same in one process and in several, and what it asks for."""

import csv
import json

import pytest
import torch
from torchvision.models import alexnet

from ssid.errors import UserError
from ssid.evaluation.compare.pictures import write_extremes
from ssid.evaluation.compare.runs import compare_runs
from support.evaluation_project import evaluate, evaluate_in_processes

SEGMENTER = {
    "architecture": "Linknet",
    "encoder": "timm-mobilenetv3_small_minimal_100",
    "classes": 4,
}


@pytest.fixture(scope="session")
def segmentation(tmp_path_factory):
    """A segmentation network with random weights, as params name it."""
    import segmentation_models_pytorch as smp

    torch.manual_seed(0)
    network = smp.create_model(
        SEGMENTER["architecture"], SEGMENTER["encoder"], encoder_weights=None, classes=4
    )
    path = tmp_path_factory.mktemp("weights") / "linknet.pth"
    torch.save(network.state_dict(), path)
    return {**SEGMENTER, "weights": str(path)}


def contents(folder):
    """Bytes by name of every file; of metrics.json without what is timed."""
    files = {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
    metrics = json.loads(files.pop("metrics.json"))
    for cost in metrics["network"].values():
        del cost["latency_ms"]
    return {**files, "metrics": metrics}


def test_any_number_of_processes_leaves_the_same(project, segmentation, tmp_path):
    """Five pairs do not divide by two or three, and two real images are fewer than three."""
    results = {}
    for count in (1, 2, 3):
        output = tmp_path / str(count)
        (output / "pictures").mkdir(parents=True)
        (output / "pictures" / "stale.png").touch()
        evaluate_in_processes(count, project, output, downstream={"segmentation": segmentation})
        results[count] = contents(output)
    one = results.pop(1)
    assert sum(name.endswith(".png") for name in one) == 5 * 4 + 2 * 3
    assert "pictures/stale.png" not in one
    student = one["metrics"]["benchmark"]["tiny"]["student"]
    assert 0 < student["miou"] < 1
    assert 0 < student["mpa"] < 1
    for several in results.values():
        assert several["images.csv"] == one["images.csv"]
        assert several == one


@pytest.fixture
def torch_home(tmp_path, monkeypatch):
    """Where torchvision would keep weights; empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    checkpoints = tmp_path / "torch" / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    return checkpoints


def test_missing_weights_end_it_before_anything_is_lost(project, torch_home, tmp_path):
    kept = tmp_path / "evaluation" / "metrics.json"
    kept.parent.mkdir()
    kept.touch()
    with pytest.raises(UserError, match=r"alexnet-owt-7be5be79\.pth"):
        evaluate(project, kept.parent, metrics=["psnr", "lpips"])
    for kind in ("segmentation", "detection"):
        block = {**SEGMENTER, "weights": "no/such.pth"}
        if kind == "detection":
            del block["encoder"]
        with pytest.raises(UserError, match=rf"downstream\.{kind}\.weights: .*no/such\.pth"):
            evaluate(project, kept.parent, downstream={kind: block})
    assert kept.exists()


def test_lpips_is_in_every_table(project, torch_home, tmp_path):
    torch.manual_seed(0)
    features = alexnet(weights=None).features.state_dict()
    torch.save(
        {f"features.{name}": tensor for name, tensor in features.items()},
        torch_home / "alexnet-owt-7be5be79.pth",
    )
    output = tmp_path / "evaluation"
    evaluate(project, output, metrics=["psnr", "lpips"], limit=2)
    with (output / "images.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(bool(row["lpips"]) == (row["role"] == "benchmark") for row in rows)
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["benchmark"]["tiny"]["student"]["lpips"] > 0
    assert "lpips" not in metrics["real"]["tiny"]["student"]
    assert "AlexNet" in json.loads((output / "protocol.json").read_text())["lpips"]
    compared = compare_runs([str(output), str(output)], "student", "sqlite:///absent.db")
    assert "lpips" in {comparison.metric for comparison in compared}
    (sheet,) = write_extremes(compared, "student", tmp_path / "compared")
    assert sheet.name == "benchmark-tiny.jpg"


def test_the_cost_of_networks_is_told(project, tmp_path):
    output = tmp_path / "evaluation"
    evaluate(project, output, limit=1)
    cost = json.loads((output / "metrics.json").read_text())["network"]["student"]
    assert set(cost) == {"parameters", "gmacs", "latency_ms", "activations_mib"}
    assert cost["activations_mib"] > 4 * 4 * 32 * 32 / 2**20  # its four channels, at least
    protocol = json.loads((output / "protocol.json").read_text())
    assert protocol["latency"] == "median of 2 runs after 0, one image of 32×32, 1 thread(s), cpu"
    assert protocol["downstream"] == ""
