"""Without extras the package derains, and every other command names the extra that it needs."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.repository import ROOT

BARE = """
import runpy, sys
from importlib.machinery import PathFinder
absent = set(sys.argv.pop(1).split(","))
class Bare(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name in absent else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = Bare
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""
"""Runs a module as if some packages were not installed."""


def modules_of_extras() -> set[str]:
    """Return the modules of all packages that extras bring, and nothing else does."""
    lines = requires("ssid") or ()
    wanted = {re.split(r"[\s<>=!~;\[]", line, maxsplit=1)[0] for line in lines if "extra" in line}
    bare = {"jinja2", "pydantic"}  # which PyTorch and Typer bring, too
    return {
        module
        for module, names in packages_distributions().items()
        if {re.sub(r"[_.]", "-", name.lower()) for name in names} & (wanted - bare)
    }


def without_extras(
    folder: Path, *arguments: str, module: str = "ssid.cli"
) -> subprocess.CompletedProcess[str]:
    absent = ",".join(sorted(modules_of_extras()))
    command = [sys.executable, "-c", BARE, absent, module, *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    picture = np.random.default_rng(0).integers(0, 256, (40, 48, 3), dtype=np.uint8)
    Image.fromarray(picture).save(tmp_path / "rainy.png")
    return tmp_path


def test_extras_are_seen_as_absent_by_these_tests() -> None:
    assert {"scipy", "mlflow", "av", "onnx", "starlette", "ruamel"} <= modules_of_extras()
    assert not {"torch", "numpy", "PIL", "typer"} & modules_of_extras()


def test_the_bare_package_derains(folder: Path) -> None:
    done = without_extras(folder, "derain", "rainy.png", "--size", "nano")
    assert done.returncode == 0, done.stderr
    assert (folder / "derained/rainy.png").is_file()


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        ("derain rainy.png --size nano --keep-veil", "train"),
        ("derain rainy.mp4 --size nano", "video"),
        ("init project", "train"),
        ("compare a b", "train"),
        ("track show demo", "train"),
        ("serve --port 47113 --size nano", "serve"),
        ("export nano.safetensors --output nano.onnx", "onnx"),
    ],
)
def test_what_is_missing_is_named_with_its_extra(folder: Path, command: str, extra: str) -> None:
    (folder / "rainy.mp4").write_bytes(b"a video")
    (folder / "nano.safetensors").symlink_to(ROOT / "ssid/packaged/nano.safetensors")
    done = without_extras(folder, *command.split())
    assert done.returncode == 1, done.stderr
    assert f"ssid[{extra}]" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "derained").exists()
