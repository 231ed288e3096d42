"""Make a project in a folder of one's own: parameters, stages, git and DVC, ready to run."""

import io
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from ssid.errors import UserError
from ssid.files import atomic_write

FOLDERS = ("params", "pipelines")
STAGES = "dvc.yaml"
VERSION_FILE = "ssid.version"
MADE = {*FOLDERS, STAGES, ".gitignore", ".git", ".dvc", ".dvcignore"}
"""What a project consists of when it is made."""
IGNORED = f"""\
__pycache__/

# made by `dvc repro`
/data/*
!/data/raw/
/data/raw/*
!/data/raw/*.dvc
/models/
/runs/
/report/
mlflow.db*
/mlruns/
/mlartifacts/
/evaluation/pictures/
/evaluation*.partial/
/{VERSION_FILE}
"""
VERSION_STAGE = {
    "desc": "Note the version of ssid that is installed: all results depend on it",
    "cmd": f'python -c "import ssid; print(ssid.__version__)" > {VERSION_FILE}',
    "always_changed": True,
    "outs": [{VERSION_FILE: {"cache": False}}],
}


def init_project(folder: Path) -> None:
    """Make ``folder`` a project whose stages run the installed package.

    Args:
        folder: made where it is missing; what lies in it stays.

    Raises:
        UserError: if something of a project is there already, or git or DVC fails.
        OSError: if nothing can be written there.
    """
    for name in (*FOLDERS, STAGES, ".gitignore"):
        if (folder / name).exists():
            raise _is_there(folder / name)
    if shutil.which("git") is None:
        raise UserError("git is not installed; a project needs it.")
    folder.mkdir(parents=True, exist_ok=True)
    before = {path.name for path in folder.iterdir()}
    try:
        (folder / FOLDERS[0]).mkdir()  # the one of two processes that makes it goes on
    except FileExistsError:
        raise _is_there(folder / FOLDERS[0]) from None
    try:
        _fill(folder)
    except BaseException:  # half a project would be in the way of the next try
        for path in folder.iterdir():
            if path.name in MADE - before:
                _remove(path)
        raise


def _is_there(path: Path) -> UserError:
    return UserError(f"{path} is there already. Name a folder that has none.")


def _fill(folder: Path) -> None:
    source = template()
    for name in FOLDERS:
        for path in sorted((source / name).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                _write(folder / path.relative_to(source), path.read_text("utf-8"))
    _write(folder / STAGES, stages_of_installed((source / STAGES).read_text("utf-8")))
    _write(folder / ".gitignore", IGNORED)
    if _call(folder, "git", "rev-parse", "--is-inside-work-tree") != 0:
        _run(folder, "git", "init", "--quiet")
    if not (folder / ".dvc").exists():
        _run(folder, sys.executable, "-m", "dvc", "init", "--quiet", "--subdir")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def template() -> Path:
    """Return the folder that a project is copied from: the package's, or that of its source."""
    packaged = Path(str(files("ssid"))) / "template"
    return packaged if packaged.is_dir() else packaged.parents[1]


def stages_of_installed(text: str) -> str:
    """Return a dvc.yaml whose stages depend on the version of ssid in place of its source files."""
    yaml = YAML()
    yaml.width = 4096
    content = yaml.load(text)
    for stage in content["stages"].values():
        block = stage.get("do", stage)
        if any(str(path).startswith("ssid/") for path in block["deps"]):
            kept = [path for path in block["deps"] if not str(path).startswith("ssid/")]
            block["deps"] = [*kept, VERSION_FILE]
    content["stages"].insert(0, "version", VERSION_STAGE)
    written = io.StringIO()
    yaml.dump(content, written)
    return written.getvalue()


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as partial:
        partial.write_text(text, "utf-8")


def _run(folder: Path, *command: Any) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"{' '.join(map(str, command))} failed in {folder}: {done.stderr.strip()}")


def _call(folder: Path, *command: str) -> int:
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode
