"""From parameters and prepared data to one training run."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import torch

from ssid.config import DataParams, ModelParams, Role, TrainingParams
from ssid.data.leakage import read_exclusions
from ssid.data.store import ImageStore
from ssid.errors import UserError, nearest
from ssid.files import sha256
from ssid.models import Derainer, Recipe, load_model
from ssid.training.loop import Job
from ssid.training.tracking import data_digests, store


class Project(NamedTuple):
    """Where a project keeps things, relative to its root."""

    prepared: Path = Path("data/prepared")
    runs: Path = Path("runs")
    models: Path = Path("models")

    @property
    def excluded(self) -> Path:
        """Return the file that names the pairs which leak a benchmark."""
        return self.prepared / "excluded.json"


def open_stores(
    catalogue: DataParams, role: Role, names: Sequence[str] | None, project: Project
) -> list[ImageStore]:
    """Return the prepared sets of one role: those named, or all of the catalogue.

    Raises:
        UserError: if a name is not in the catalogue or its set is not prepared.
    """
    known = catalogue.sets(role)
    for name in names or ():
        if name not in known:
            raise UserError(
                f"params name the {role} set {name!r}, which params/data.yaml does not have."
                f"{nearest(name, known)} It has: {', '.join(known) or 'none'}."
            )
    chosen = known if names is None else names
    return [ImageStore(project.prepared / role / name) for name in sorted(chosen)]


def open_training_stores(
    catalogue: DataParams, names: Sequence[str] | None, project: Project
) -> list[ImageStore]:
    """Return the synthetic sets as :func:`open_stores`, without images that leak a benchmark."""
    excluded = read_exclusions(project.excluded)
    return [
        ImageStore(store.path, excluded.get(store.summary.name, frozenset()))
        for store in open_stores(catalogue, "synthetic", names, project)
    ]


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
    teacher = load_model(teacher_file)[0].eval().requires_grad_(False) if teacher_file else None
    student, recipe = initial_network(params, teacher_file)
    teacher_sha256 = sha256(teacher_file) if teacher_file else None
    record = {
        stage: params.model_dump(mode="json"),
        "data": data_digests([*synthetic, *real]),
        "excluded": {store.summary.name: sorted(store.excluded) for store in synthetic},
        "teacher": teacher_sha256,
        "init": sha256(Path(params.init)) if params.init not in ("random", "teacher") else None,
    }
    return Job(
        stage=stage,
        params=params,
        synthetic=synthetic,
        real=real,
        student=student,
        recipe=recipe,
        teacher=teacher,
        teacher_sha256=teacher_sha256,
        folder=project.runs / stage,
        fingerprint=fingerprint(record),
        record=record,
        tags=describe(real),
        tracking=store(),
    )


def initial_network(params: TrainingParams, teacher_file: Path | None) -> tuple[Derainer, Recipe]:
    """Return the network to train, from random or stored weights as ``params.init`` says.

    Raises:
        UserError: if the stored network is not of the model that ``params`` name.
    """
    wanted = recipe_of(params.model)
    if params.init == "random":
        torch.manual_seed(params.seed)
        return wanted.build(), wanted
    if params.init == "teacher" and teacher_file is None:
        raise UserError("init is 'teacher', but this stage has no teacher: use 'random'.")
    file = teacher_file if params.init == "teacher" else Path(params.init)
    assert file is not None
    model, found = load_model(file)
    if found.shapes or (found.name, _sizes(found)) != (wanted.name, _sizes(wanted)):
        raise UserError(
            f"init takes weights from {file}, which holds {_shown(found)}, but params ask for"
            f" {_shown(wanted)}. Make both the same, or set init: random."
        )
    return model, found


def recipe_of(params: ModelParams) -> Recipe:
    """Return the recipe of a network that params/ names."""
    return Recipe(params.name, dict(params.options))


def fingerprint(record: Mapping[str, object]) -> str:
    """Return a hash of what decides the course of a run."""
    content = {"record": record, "versions": {n: version(n) for n in ("ssid", "torch")}}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def describe(real: Sequence[ImageStore]) -> dict[str, str]:
    """Return the tag that says whether real rain was photographs or a rendered stand-in."""
    if not real:
        return {"real_rain": "none"}
    standin = any(store.summary.standin for store in real)
    return {"real_rain": "stand-in (rendered)" if standin else "photographs"}


def _sizes(recipe: Recipe) -> str:
    return json.dumps(recipe.options, sort_keys=True)


def _shown(recipe: Recipe) -> str:
    return f"{recipe.name} {_sizes(recipe)}{', pruned' * bool(recipe.shapes)}"
