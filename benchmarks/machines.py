"""How far a run depends on the machine: one training under other instructions, threads and seeds.

    python -m benchmarks.machines

PyTorch and oneDNN can be held to the instructions of older processors, which add in another order:
that is what another machine does to a run. Seeds are beside it, for comparison.
"""

import argparse
import json
import multiprocessing
import os
import shlex
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import torch
from safetensors.torch import load_file

from benchmarks.summary import hardware
from benchmarks.training_loops import Place, demo_params, prepare_data
from ssid.data.params import DataParams
from ssid.entry import reporting
from ssid.files import sha256, write_json
from ssid.tracking import commit
from ssid.training.job import make_job
from ssid.training.loop import train

OUTPUT = Path("benchmarks/results/machines.json")


class Setting(NamedTuple):
    """What differs from the first run: environment, parameters."""

    environment: Mapping[str, str] = {}
    params: Mapping[str, Any] = {}


SETTINGS = {
    "first": Setting(),
    "again": Setting(),
    "AVX2 alone": Setting({"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}),
    "SSE4.1, no vectors of ATen": Setting(
        {"ONEDNN_MAX_CPU_ISA": "SSE41", "ATEN_CPU_CAPABILITY": "default"}
    ),
    "two threads": Setting(params={"threads": 2}),
    "seed 1": Setting(params={"seed": 1}),
    "seed 2": Setting(params={"seed": 2}),
}


def run(place: Place, catalogue: DataParams, name: str, steps: int, setting: Setting) -> None:
    """Train in this process."""
    changes = {"steps": steps, "validate_every": steps, **setting.params}
    params = demo_params().model_copy(update=changes)
    project = place.project(name)
    train(make_job("distill", params, catalogue, project), project.models / "student.safetensors")


def train_elsewhere(
    place: Place, catalogue: DataParams, name: str, steps: int
) -> tuple[Path, float]:
    """Train in a process that has the environment of a setting; return the student and its PSNR."""
    context, setting = multiprocessing.get_context("spawn"), SETTINGS[name]
    with patch.dict(os.environ, setting.environment):
        process = context.Process(target=run, args=(place, catalogue, name, steps, setting))
        process.start()
        process.join()
    project = place.project(name)
    lines = (project.runs / "distill" / "metrics.jsonl").read_text().splitlines()
    scores = [found["val/psnr"] for found in map(json.loads, lines) if "val/psnr" in found]
    return project.models / "student.safetensors", scores[-1]


def compare(first: Path, other: Path) -> dict[str, Any]:
    """Return whether two students are the same bytes, and how far their weights are apart."""
    ours, theirs = load_file(first), load_file(other)
    apart = max(float((ours[name] - theirs[name]).abs().max()) for name in ours)
    return {"same_bytes": sha256(first) == sha256(other), "weights_apart": apart}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train under each setting, print a table, and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=300, help="length of each run (300)")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        place = Place(Path(temporary))
        elsewhere = partial(train_elsewhere, place, prepare_data(place), steps=options.steps)
        found = {name: elsewhere(name) for name in SETTINGS}
        rows = {
            name: {"psnr": score, **compare(found["first"][0], student)}
            for name, (student, score) in found.items()
        }
    print(
        "| run | same bytes | weights apart by at most | validation PSNR, dB |\n|---|---|---|---|"
    )
    for name, row in rows.items():
        same = "yes" if row["same_bytes"] else "no"
        print(f"| {name} | {same} | {row['weights_apart']:.1e} | {row['psnr']:.3f} |")
    words = ["python", "-m", "benchmarks.machines", *(arguments or sys.argv[1:])]
    origin = {"command": shlex.join(words), "commit": commit(), "steps": options.steps}
    machine = {"hardware": hardware(), "torch": torch.__version__}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    write_json(options.output, origin | machine | {"rows": rows})


if __name__ == "__main__":
    with reporting():
        main()
