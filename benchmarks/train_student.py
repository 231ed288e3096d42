"""Train a packaged student as it was trained: one command from a folder of data to the weights.

    python -m benchmarks.train_student base --data DATA

DATA holds the folders that benchmarks/params/students.yaml names. A project with the preset
packaged_SIZE is made in runs/students/SIZE, and `dvc repro distill` run in it; the same command
goes on where it was stopped. With `--start FILE` its teacher goes on from these weights.
`python -m benchmarks.model_card` then packages the student.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from benchmarks.sets import located
from ssid.config.edit import merge, write_texts
from ssid.config.load import load_params
from ssid.data.params import DataParams
from ssid.entry import reporting
from ssid.init import init_project
from ssid.presets import apply, plan_preset

CATALOGUE = Path("benchmarks/params/students.yaml")
THREE = ("light", "heavy", "varied")
TURNED = ("varied_turned", "photographed_turned", "broad_turned", "dry_turned")
RIBBED = ("varied_ribbed", "photographed_ribbed", "broad_ribbed", "dry_ribbed")
TEN = (*THREE, "photographed", "depth", "near", "broad", "dry", "rain800", "rain800")
SETS: dict[str, dict[str, tuple[str, ...]]] = {
    "nano": {"teacher": THREE, "student": THREE},
    "small": {"teacher": THREE, "student": THREE},
    "base": {"teacher": (*TEN, *TURNED), "student": (*TEN, *TURNED, *RIBBED)},
}
"""Synthetic sets that teacher and student of a size learn from; one named twice counts twice."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the project where it is missing, and run its stages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("size", choices=[*SETS], help="of the packaged student")
    parser.add_argument("--data", type=Path, required=True, help="folder of the sets")
    parser.add_argument("--folder", type=Path, help="of the project; default: runs/students/SIZE")
    parser.add_argument("--start", type=Path, help="weights to go on from; default: random ones")
    options = parser.parse_args(arguments)
    folder = options.folder or Path("runs/students", options.size)
    if not (folder / "dvc.yaml").exists():
        make_project(folder, options.size, options.data, options.start)
    return subprocess.run([sys.executable, "-m", "dvc", "repro", "distill"], cwd=folder).returncode


def make_project(folder: Path, size: str, data: Path, start: Path | None = None) -> None:
    """Make a project that trains the student of a size on the sets below ``data``.

    Args:
        folder: place of the project, new.
        size: name of the size.
        data: folder of the sets.
        start: safetensors file that the teacher goes on from; None for random weights.
    """
    params = folder.absolute() / "params"
    sets = sets_of(size, data.absolute())
    folder.mkdir(parents=True, exist_ok=True)
    init_project(folder)
    with (params / "data.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(sets, file)
    apply(plan_preset(params, f"packaged_{size}"))
    changes: dict[str, dict[str, Any]] = {
        name: {"synthetic": [*of]} for name, of in SETS[size].items()
    }
    if start:
        changes["teacher"]["init"] = str(start.absolute())
    texts = {params / f"{name}.yaml": change for name, change in changes.items()}
    write_texts({path: merge(path.read_text("utf-8"), of) for path, of in texts.items()})


def sets_of(size: str, data: Path) -> dict[str, Any]:
    """Return what ``params/data.yaml`` says of the sets below ``data`` that a size needs."""
    catalogue = located(load_params(CATALOGUE, DataParams), data)
    found: dict[str, dict[str, Any]] = catalogue.model_dump(mode="json", exclude_unset=True)
    needed = {name for of in SETS[size].values() for name in of}
    found["synthetic"] = {n: block for n, block in found["synthetic"].items() if n in needed}
    return {role: sets for role, sets in found.items() if sets}


if __name__ == "__main__":
    with reporting():
        sys.exit(main())
