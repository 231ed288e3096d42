"""From parameters and prepared data to one training run."""

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import torch

from ssid.data.params import DataParams
from ssid.errors import UserError
from ssid.files import sha256
from ssid.models import Derainer, Recipe, build, load_model
from ssid.models.params import ModelParams
from ssid.project import (
    Project,
    data_digests,
    describe_real_rain,
    open_fitted_stores,
    open_stores,
    open_training_stores,
)
from ssid.tracking import store
from ssid.training.loop import Job
from ssid.training.params import TrainingParams


def make_job(
    stage: str,
    params: TrainingParams,
    catalogue: DataParams,
    project: Project,
    teacher_file: Path | None = None,
) -> Job:
    """Return the run that ``params`` describe.

    Args:
        stage: pretrain, distill or prune.
        params: of the run.
        catalogue: which data sets exist.
        project: where things lie.
        teacher_file: safetensors file of the teacher, or None.
    """
    synthetic = open_training_stores(catalogue, params.synthetic, project)
    real = open_stores(catalogue, "real", params.real, project) if params.batch.real else []
    fitted = open_fitted_stores(catalogue, params.real, project) if params.batch.fitted else []
    teacher = load_model(teacher_file).eval().requires_grad_(False) if teacher_file else None
    student = initial_network(params, teacher_file)
    teacher_sha256 = sha256(teacher_file) if teacher_file else None
    record = {
        stage: params.model_dump(mode="json"),
        "data": data_digests([*synthetic, *fitted, *real]),
        "excluded": {store.summary.name: sorted(store.excluded) for store in synthetic},
        "teacher": teacher_sha256,
        "init": sha256(Path(params.init)) if params.init not in ("random", "teacher") else None,
    }
    return Job(
        stage=stage,
        params=params,
        synthetic=synthetic,
        real=real,
        fitted=fitted,
        student=student,
        teacher=teacher,
        teacher_sha256=teacher_sha256,
        folder=project.runs / stage,
        fingerprint=fingerprint(record),
        record=record,
        tags=describe_real_rain(real),
        tracking=store(),
    )


def initial_network(params: TrainingParams, teacher_file: Path | None) -> Derainer:
    """Return the network to train, from random or stored weights as ``params.init`` says.

    Raises:
        UserError: if the stored network is not of the model that ``params`` name.
    """
    wanted = recipe_of(params.model)
    if params.init == "random":
        torch.manual_seed(params.seed)
        return build(wanted)
    if params.init == "teacher" and teacher_file is None:
        raise UserError("init is 'teacher', but this stage has no teacher: use 'random'.")
    file = teacher_file if params.init == "teacher" else Path(params.init)
    assert file is not None
    model = load_model(file)
    found = model.recipe
    assert found is not None
    if found.shapes or (found.name, _sizes(found)) != (wanted.name, _sizes(wanted)):
        raise UserError(
            f"init takes weights from {file}, which holds {_shown(found)}, but params ask for"
            f" {_shown(wanted)}. Make both the same, or set init: random."
        )
    return model


def recipe_of(params: ModelParams) -> Recipe:
    """Return the recipe of a network that params/ names."""
    return Recipe(params.name, dict(params.options))


def fingerprint(record: Mapping[str, object]) -> str:
    """Return a hash of what decides the course of a run."""
    content = {"record": record, "versions": {n: version(n) for n in ("ssid", "torch")}}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _sizes(recipe: Recipe) -> str:
    return json.dumps(recipe.options, sort_keys=True)


def _shown(recipe: Recipe) -> str:
    return f"{recipe.name} {_sizes(recipe)}{', pruned' * bool(recipe.shapes)}"
