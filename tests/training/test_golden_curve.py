"""The losses of a short run, as they were when this repository last meant to change them."""

import json
from pathlib import Path

import pytest

GOLDEN = Path(__file__).with_name("golden_curve.json")
RELATIVE = 2e-3
"""Machines round differently; a change of what is computed moves the losses by more."""


def test_the_losses_are_those_of_before(whole):
    """After a change that is meant, the values printed here replace those in the file."""
    lines = (whole.runs / "metrics.jsonl").read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    curve = {
        f"{record['step']} {name}": value
        for record in records
        for name, value in record.items()
        if name.startswith(("train/loss", "train/term", "val/"))
    }
    print(json.dumps(curve, indent=1))
    golden = json.loads(GOLDEN.read_text("utf-8"))
    assert curve.keys() == golden.keys()
    assert curve == pytest.approx(golden, rel=RELATIVE, abs=1e-7)
