"""From parameters and prepared data to one training run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch
from accelerate import Accelerator

from ssid.data.params import DataParams
from ssid.data.store.reader import ImageStore
from ssid.errors import UserError
from ssid.files import digest, sha256
from ssid.models import Derainer, Recipe, build, load_model
from ssid.models.params import ModelParams
from ssid.objective.params import describe_objective
from ssid.project import (
    Project,
    data_digests,
    describe_real_rain,
    open_fitted_stores,
    open_stores,
    open_training_stores,
)
from ssid.training.batches import Batches
from ssid.training.identity import Identity, identify
from ssid.training.params import TrainingParams


@dataclass(frozen=True)
class Job:
    """Everything that one training run needs.

    Attributes:
        stage: its name: pretrain, distill or prune.
        params: parameters of the run.
        synthetic: stores of pairs.
        real: stores of real rain; empty where no term looks at it.
        fitted: stores of pairs in the rain that was fitted to real sets; may be empty.
        student: the network that learns.
        teacher: the frozen teacher, or None.
        teacher_sha256: hash of the teacher's file, by which MLflow finds the run that made it.
        folder: place of curves, panels and checkpoints.
        identity: all that makes two runs the same; others are not resumed from.
        record: parameters as MLflow shows them.
        tags: tags that MLflow runs can be filtered by.
        tracking: MLflow's store, or None.
    """

    stage: str
    params: TrainingParams
    synthetic: list[ImageStore]
    real: list[ImageStore]
    fitted: list[ImageStore]
    student: Derainer
    teacher: Derainer | None
    teacher_sha256: str | None
    folder: Path
    identity: Identity
    record: Mapping[str, object]
    tags: Mapping[str, str]
    tracking: str | None

    @property
    def pairs(self) -> list[ImageStore]:
        """All stores of pairs."""
        return [*self.synthetic, *self.fitted]

    @property
    def fingerprint(self) -> str:
        """Return a hash of the identity."""
        return digest(self.identity)


def make_job(
    stage: str,
    params: TrainingParams,
    catalogue: DataParams,
    project: Project,
    teacher_file: Path | None = None,
    tracking: str | None = None,
) -> Job:
    """Return the run that ``params`` describe.

    Args:
        stage: pretrain, distill or prune.
        params: params of the run.
        catalogue: catalogue of the data sets.
        project: places of all files.
        teacher_file: safetensors file of the teacher, or None.
        tracking: address of MLflow's store; None tracks nothing.
    """
    synthetic = open_training_stores(catalogue, params.synthetic, project)
    real = open_stores(catalogue, "real", params.real, project) if params.batch.real else []
    fitted = open_fitted_stores(catalogue, params.real, project) if params.batch.fitted else []
    teacher = load_model(teacher_file).requires_grad_(False) if teacher_file else None
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
        identity=identify(record, stage),
        record=record,
        tags={**describe_real_rain(real), "objective": describe_objective(params.objective)},
        tracking=tracking,
    )


def make_batches(job: Job, accelerator: Accelerator) -> Batches:
    """Return this process's share of the batches of a run."""
    batch = job.params.batch
    return Batches(
        job.synthetic,
        job.real,
        job.fitted,
        pairs=batch.pairs,
        real_count=batch.real,
        fitted_count=batch.fitted,
        patch=batch.patch,
        exposure=batch.exposure,
        seed=job.params.seed,
        rank=accelerator.process_index,
        world=accelerator.num_processes,
        parts=batch.parts,
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
    """Return a hash of parameters and versions, by which finished work is found again."""
    return digest({"record": record, "versions": {n: version(n) for n in ("ssid", "torch")}})


def _sizes(recipe: Recipe) -> str:
    return json.dumps(recipe.options, sort_keys=True)


def _shown(recipe: Recipe) -> str:
    return f"{recipe.name} {_sizes(recipe)}{', pruned' * bool(recipe.shapes)}"
