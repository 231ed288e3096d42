"""A tiny project that can be evaluated."""

import pytest
import torch

from ssid.data.params import BenchmarkSet, RealSet
from ssid.data.prepare import prepare
from ssid.models import build, save_model
from ssid.project import Project
from support.evaluation_project import BENCHMARK, REAL, STUDENT, TEACHER


@pytest.fixture(scope="session")
def project(tmp_path_factory, photographs):
    """Five pairs, two stand-ins for real rain, and two untrained networks."""
    folder = tmp_path_factory.mktemp("project")
    project = Project(*(folder / name for name in ("prepared", "runs", "models")))
    sets = {"benchmark": (BenchmarkSet, BENCHMARK), "real": (RealSet, REAL)}
    for role, (schema, options) in sets.items():
        block = schema(root=str(photographs), **options)
        prepare(role, "tiny", block, project.prepared / role / "tiny", workers=1)
    for number, (name, recipe) in enumerate({"teacher": TEACHER, "student": STUDENT}.items()):
        torch.manual_seed(number)
        save_model(project.models / f"{name}.safetensors", build(recipe))
    return project
