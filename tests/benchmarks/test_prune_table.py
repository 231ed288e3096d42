"""The pruning table, on two thumbnails."""

import json

import numpy as np
import pytest
from PIL import Image

from benchmarks import prune_table
from benchmarks.prune_parts import RECOVERIES
from benchmarks.prune_table import main, verdict
from ssid.errors import UserError
from ssid.models import Recipe, build, save_model

RECIPE = Recipe("prenet", {"channels": 8, "stages": 2})


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Return a folder laid out like the shared data, with a small network beside it."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    places = [f"paired/{name}/{half}" for name in prune_table.SETS for half in ("rainy", "clean")]
    for place in [*places, "clean/bsds/train", "clean/bsds/val"]:
        (folder / place).mkdir(parents=True)
        for number in range(2):
            pixels = rng.integers(0, 256, (100, 120, 3), np.uint8)
            Image.fromarray(pixels).save(folder / place / f"{number}.png")
    save_model(folder / "small.safetensors", build(RECIPE))
    return folder


def run(data, output, *more):
    small = ["--model", f"small={data / 'small.safetensors'}", "--criterion", "l1"]
    main([str(data), *small, "--quick", "--output", str(output), *more])
    return json.loads(output.read_text())["subjects"]["small"]


@pytest.fixture(scope="module")
def output(data, tmp_path_factory):
    """Return the file of a finished table."""
    output = tmp_path_factory.mktemp("table") / "table.json"
    run(data, output)
    run(data, output, "--unit", "weights", "--recovery", "clean images")
    return output


def test_every_recovery_is_measured_on_both_sets(output):
    filters, weights = json.loads(output.read_text())["subjects"]["small"]["cuts"]
    assert set(filters["rows"]) == {"none", *RECOVERIES}
    assert all(set(row) == set(prune_table.SETS) for row in filters["rows"].values())
    assert set(weights["rows"]) == {"none", "clean images"}
    assert weights["macs"] == pytest.approx(0.6, abs=0.002)


def test_only_removed_filters_are_timed(output):
    filters, weights = json.loads(output.read_text())["subjects"]["small"]["cuts"]
    assert filters["speedup"] == filters["latency_ms"] / filters["pruned_latency_ms"]
    assert "speedup" not in weights


def test_finished_rows_are_not_measured_again(data, output, monkeypatch):
    before = output.read_bytes()
    monkeypatch.setattr(prune_table, "recover", None)
    monkeypatch.setattr(prune_table, "quality", None)
    run(data, output)
    assert output.read_bytes() == before


def test_other_settings_are_measured_anew(data, output, tmp_path):
    copied = tmp_path / "table.json"
    copied.write_bytes(output.read_bytes())
    record = run(data, copied, "--steps", "1", "--recovery", "clean images")
    assert record["settings"]["steps"] == 1
    assert set(record["cuts"][0]["rows"]) == {"none", "clean images"}


def test_dreaming_is_judged_by_what_the_ceiling_recovers():
    found = {"original": 30.0, "none": 20.0, "dreamed": 28.0, "training rain": 29.0}
    assert verdict(found) == ("2.00", "89%")
    assert verdict({**found, "training rain": 20.0}) == ("2.00", "")
    assert verdict({"original": 30.0, "none": 20.0}) == ("", "")


def test_a_model_without_a_name_is_refused(data, tmp_path):
    with pytest.raises(UserError, match="expected NAME=FILE"):
        main([str(data), "--model", "small.safetensors", "--output", str(tmp_path / "t.json")])
