"""Runs that several files look at."""

from pathlib import Path

import pytest

from ssid.models import save_model
from support.training_networks import PRENET_6, build
from support.training_runs import Run


@pytest.fixture(scope="session")
def teacher_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a small teacher with random weights."""
    file = tmp_path_factory.mktemp("teacher") / "teacher.safetensors"
    save_model(file, build(PRENET_6, seed=9))
    return file


@pytest.fixture
def new_run(tmp_path, prepared, teacher_file):
    """Return a function that makes a run of distillation, or of pretraining, in a new folder."""

    def new_run(name: str = "run", *, distill: bool = True, tracking: str | None = None) -> Run:
        return Run(tmp_path / name, prepared, teacher_file if distill else None, tracking)

    return new_run


@pytest.fixture(scope="session")
def whole(tmp_path_factory, prepared, teacher_file) -> Run:
    """Return a finished distillation that nothing interrupted."""
    run = Run(tmp_path_factory.mktemp("whole"), prepared, teacher_file)
    run.train()
    return run
