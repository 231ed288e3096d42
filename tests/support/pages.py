"""The pages of the documentation: their blocks of code, and a reader who does what they say."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from ssid.cli import app
from support.repository import ROOT

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "ssid/packaged/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
"""Every page that somebody may follow, the README among them."""

FENCE = re.compile(r"^```(\w*)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)


NOT_RUN = {
    r"(uv run )?dvc (repro|commit|dag|exp|queue|metrics|plots)\b": "runs in tests/pipeline, long",
    r"uv run dvc (import-url|update)\b": "needs a server",
    r"uv run ssid data get\b": "needs a server",
    r"uv run python -m benchmarks\.": "measures for minutes to hours",
    r"uv run mlflow ui\b": "does not end",
    r"uv run torchrun --nnodes": "needs a second machine",
    r"(uv run ssid|mlflow models) serve\b": "does not end; tests/serve asks the page for pictures",
    r"uv run ssid data add my_camera clip.mp4": "needs a video; tests/data/sources makes one",
    r"uv run ssid derain \S+\.mp4\b": "needs a video; tests/inference/test_video.py makes one",
    r"uv run ssid track show": "needs runs; tests/tracking/test_view.py has some",
    r"uv run ssid track sync --to URI": "needs a server; tests/tracking has one",
    r"git ": "changes a repository",
    r"export ": "changes a shell",
    r"uv run (--\S+ \S+ )?(pytest|ruff|mypy|mkdocs|pre-commit)\b": "this is what checks them",
    r"(uv run )?\.ci/run$": "runs this test",
}
"""Commands that the pages show and this test only reads, with the reason."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file that its title names, if any, and its text."""

    language: str
    file: str
    text: str

    def commands(self) -> list[str]:
        """Return the command lines of a bash block."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line.strip() for line in lines if line.strip() and line.lstrip()[0] != "#"]


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    return [Block(*found) for found in FENCE.findall(page.read_text("utf-8"))]


def commands(page: Path) -> list[str]:
    """Return every command line of a page, in order."""
    bash = (block for block in blocks(page) if block.language == "bash")
    return [command for block in bash for command in block.commands()]


def words_of(command: str) -> list[str]:
    """Return the words of a command without ``uv run`` before it."""
    words = shlex.split(command, comments=True)
    return words[2:] if words[:2] == ["uv", "run"] else words


def parse_ssid(words: list[str]) -> None:
    """Let the command line read ``ssid …`` without doing it; it raises if that is a mistake."""
    command, rest = get_command(app), words[1:]
    while hasattr(command, "commands"):
        command = command.commands[rest[0]]
        rest = rest[1:]
    command.make_context(command.name, rest)


def reason_against(command: str) -> str | None:
    """Return why a command is not run, or None if it is."""
    return next((why for what, why in NOT_RUN.items() if re.match(what, command)), None)


def follow(page: Path) -> None:
    """Do in the current folder what a page says, as a person who copies block after block."""
    names: dict[str, Any] = {}
    photographs = f" {Path.cwd()}/photos/"
    for block in blocks(page):
        text = block.text.replace(" /photos/", photographs)
        if block.file:
            Path(block.file).parent.mkdir(parents=True, exist_ok=True)
            Path(block.file).write_text(text, "utf-8")
        elif block.language == "python":
            exec(compile(text, str(page), "exec"), names)
        elif block.language == "bash":
            for command in Block("bash", "", text).commands():
                if reason_against(command) is None:
                    run(command)


def follow_in_new_process(page: Path) -> None:
    """Follow a page whose blocks change what Python has loaded."""
    code = (
        f"from pathlib import Path; from support.pages import follow; follow(Path({str(page)!r}))"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT / "tests"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def run(command: str) -> None:
    """Run a command that has to succeed; ``ssid`` in this process, which has imported it."""
    words = words_of(command)
    if words[0] == "cd":
        os.chdir(words[1])
        return
    if words[0] == "ssid":
        result = CliRunner().invoke(app, words[1:])
        assert result.exception is None, f"{command}\n{result.output}\n{result.exception!r}"
        return
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path}
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
