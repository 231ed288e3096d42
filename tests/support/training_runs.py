"""Tiny training runs."""

import json
import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from safetensors.torch import load_file

from ssid.data.params import DataParams
from ssid.models import load_model
from ssid.project import Project
from ssid.training.batches import Batches
from ssid.training.job import make_job
from ssid.training.loop import Job, train
from ssid.training.params import TrainingParams

CATALOGUE = DataParams.model_validate(
    {
        "synthetic": {"tiny": {"root": ".", "layout": "photographs", "rain": "rain100l"}},
        "real": {"tiny_real": {"root": ".", "layout": "photographs", "rain": "standin"}},
    }
)

DISTILL = {
    "model": {"name": "prenet", "options": {"channels": 4, "stages": 1, "units": 1}},
    "seed": 5,
    "steps": 8,
    "batch": {"pairs": 2, "real": 2, "patch": 32},
    "optimizer": {"lr": 5e-3, "clip": 1.0},
    "schedule": {"name": "cosine", "warmup": 0.2},
    "precision": "fp32",
    # A trained part, a moving average, a fitted part, and random numbers: all have to be resumed.
    "objective": {
        "l1": {"weight": 1},
        "hint": {"weight": 0.1},
        "mean_teacher": {"weight": 0.1, "decay": 0.9},
        "sirr": {"weight": 0.001},
        "rerained": {"weight": 0.5},
        "self_rerained": {"weight": 0.5},
    },
    "validate_every": 2,
    "checkpoint_every": 2,
    "log_every": 3,
    "probe_every": 4,
}
PRETRAIN = {
    **DISTILL,
    "batch": {"pairs": 2, "real": 0, "patch": 32},
    "objective": {"l1": {"weight": 1}},
}


@dataclass(frozen=True)
class Run:
    """A training run in a folder of its own; every call of ``train`` is like a new process."""

    folder: Path
    prepared: Path
    teacher: Path | None = None
    tracking: str | None = None

    @property
    def stage(self) -> str:
        return "distill" if self.teacher else "pretrain"

    @property
    def runs(self) -> Path:
        return self.folder / "runs" / self.stage

    @property
    def output(self) -> Path:
        return self.folder / "models" / "student.safetensors"

    def job(self, **changes) -> Job:
        base = DISTILL if self.teacher else PRETRAIN
        params = TrainingParams.model_validate({**base, **changes})
        project = Project(self.prepared, self.folder / "runs", self.folder / "models")
        job = make_job(self.stage, params, CATALOGUE, project, self.teacher)
        return replace(job, tracking=self.tracking)

    def train(self, **changes) -> bool:
        return train(self.job(**changes), self.output)

    def curves(self) -> list[dict]:
        return [json.loads(line) for line in (self.runs / "metrics.jsonl").read_text().splitlines()]

    def curve(self, name: str) -> dict[int, float]:
        return {line["step"]: line[name] for line in self.curves() if name in line}

    def checkpoints(self) -> list[Path]:
        return sorted((self.runs / "checkpoints").glob("step-*"))

    def student(self):
        return load_model(self.output)


def remains(run: Run) -> dict[str, object]:
    """Return the content of every file that a run left, by path."""
    files = [path for path in run.folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(run.folder)): _content(path) for path in files}


def _content(path: Path) -> object:
    if path.suffix != ".safetensors":
        return path.read_bytes()
    return {name: tensor.numpy().tobytes() for name, tensor in load_file(path).items()}


def stop_at(monkeypatch: pytest.MonkeyPatch, *steps: int) -> None:
    """Send SIGTERM to this process while it loads the batches of these steps, once each."""
    load, left = Batches.__getitem__, set(steps)

    def load_and_signal(self, step):
        if step in left:
            left.remove(step)
            os.kill(os.getpid(), signal.SIGTERM)
        return load(self, step)

    monkeypatch.setattr(Batches, "__getitem__", load_and_signal)
