"""What each form of `dvc exp run -S` makes of an objective: tried with the DVC that is installed.

    python -m benchmarks.dvc_changes

Runs every change in a project of one stage in a temporary folder; nothing of this project is
touched. Writes benchmarks/results/dvc_changes.json and prints the table in Markdown.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.record import FOLDER, Row, markdown, record
from ssid.entry import reporting
from ssid.progress import track

BEFORE = "{l1: {weight: 1}, rain_prior: {weight: 0.5}}"
STAGE = """\
stages:
  distill:
    cmd: cp student.yaml seen.yaml
    params: [student.yaml: [objective]]
    outs: [seen.yaml]
"""
CHANGES = (
    "objective.l1.weight=3",
    "objective.rain_prior.weight=0",
    "~objective.rain_prior",
    "objective={l1: {weight: 3}}",
    "objective={}",
    "objective={tv: {weight: 1}}",
    "objective.tv={weight: 1}",
    "+objective.tv={weight: 1}",
    "+objective.l1.weight=3",
    "++objective.l1.weight=3",
    "++objective.tv={weight: 1}",
    "objective.l1=null",
)
REFUSED = "refused"


def main(arguments: list[str] | None = None) -> None:
    """Try every change, write the result, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=FOLDER / "dvc_changes.json")
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as temporary:
        project = Path(temporary)
        start(project)
        rows = [{"change": change, "objective": outcome(project, change)}
                for change in track(CHANGES, len(CHANGES), "changes")]  # fmt: skip
    record(options.output, rows, ["dvc"], before=BEFORE)
    print(table(rows))


def start(project: Path) -> None:
    """Make a project of one stage, committed."""
    call(project, "git", "init", "--quiet")
    for key, value in (("email", "ssid@example.org"), ("name", "ssid")):
        call(project, "git", "config", f"user.{key}", value)
    dvc(project, "init", "--quiet")
    (project / "student.yaml").write_text(f"objective: {BEFORE}\n", "utf-8")
    (project / "dvc.yaml").write_text(STAGE, "utf-8")
    call(project, "git", "add", ".")
    call(project, "git", "commit", "--quiet", "--message", "Start")


def outcome(project: Path, change: str) -> str:
    """Return the objective that the stage saw under a change, or that DVC refused it."""
    call(project, "git", "checkout", "--quiet", "student.yaml")
    try:
        dvc(project, "exp", "run", "--force", "--set-param", f"student.yaml:{change}")
    except subprocess.CalledProcessError:
        return REFUSED
    return (project / "seen.yaml").read_text("utf-8").strip().removeprefix("objective: ")


def dvc(project: Path, *words: str) -> None:
    """Call DVC in a project.

    Raises:
        CalledProcessError: if it fails.
    """
    call(project, sys.executable, "-m", "dvc", *words)


def call(folder: Path, *words: str) -> None:
    """Call a program in a folder, silently.

    Raises:
        CalledProcessError: if it fails.
    """
    environment = {**os.environ, "DVC_NO_ANALYTICS": "1"}
    subprocess.run(words, cwd=folder, env=environment, check=True, capture_output=True)


def table(rows: list[Row]) -> str:
    """Return the results in Markdown."""
    lines = [[f"`{row['change']}`", shown(row["objective"])] for row in rows]
    return markdown(["`-S params/student.yaml:`…", f"objective, which was `{BEFORE}`"], lines)


def shown(objective: str) -> str:
    """Return an outcome as a cell."""
    if objective == REFUSED:
        return "refused"
    return "nothing changes" if objective == BEFORE else f"`{objective}`"


if __name__ == "__main__":
    with reporting():
        main()
