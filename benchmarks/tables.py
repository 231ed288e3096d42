"""What benchmarks/params/*.yaml may contain, and the training runs that it asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import Field, ValidationError

from ssid.config.base import Params
from ssid.config.explain import explain
from ssid.config.load import load_params
from ssid.data.params import DataParams
from ssid.data.roles import FITTED, Role
from ssid.errors import UserError, nearest
from ssid.training.params import TeacherParams, TrainingParams, check_objective

Block = dict[str, Any]

Place = Annotated[str, Field(pattern=r"^(real|benchmark)/[A-Za-z0-9_-]+$")]

Method = Literal["teacher", "student"]


class Setting(Params):
    """Data to learn from and to be measured on.

    Attributes:
        synthetic: names of the synthetic sets.
        real: names of the real sets, of which nobody sees a target.
        truth: names of the synthetic sets that have the targets of ``real``, for an oracle.
        evaluate: the sets to be measured on, as ``<role>/<name>``.
    """

    synthetic: Annotated[list[str], Field(min_length=1)]
    real: list[str] = Field(default_factory=list)
    truth: list[str] = Field(default_factory=list)
    evaluate: Annotated[list[Place], Field(min_length=1)]


class Variant(Params):
    """A student: what it changes of the table's student, and who teaches it.

    Attributes:
        teacher: name of its teacher, or None.
        oracle: whether it sees the truth of the setting beside the pairs of all.
        student: changes of the table's student.
    """

    teacher: str | None = None
    oracle: bool = False
    student: Block = Field(default_factory=dict)


class Table(Params):
    """One comparison; its first variant is the baseline of all others.

    Attributes:
        title: heading of the table.
        teacher: the training run that all teachers have in common.
        teachers: name → what a teacher changes of it.
        start: name of the teacher whose weights all students start from; None for those that
            ``student`` names.
        student: the training run that all students have in common.
        variants: the rows.
        settings: each gives a table of its own.
    """

    title: str
    teacher: Block = Field(default_factory=dict)
    teachers: dict[str, Block] = Field(default_factory=dict)
    start: str | None = None
    student: Block
    variants: Annotated[dict[str, Variant], Field(min_length=1)]
    settings: Annotated[dict[str, Setting], Field(min_length=1)]


@dataclass(frozen=True)
class Training:
    """One training run of a table.

    Attributes:
        setting: name of the setting.
        variant: name of the row; ``teacher <name>`` for a teacher.
        method: what its rows are called in images.csv, as in the pipeline's evaluation.
        params: of the run.
        teacher: the run that makes its teacher, or None.
        start: the run that makes the weights it starts from; None where ``params.init`` says it.
        evaluate: the sets it is measured on, as ``<role>/<name>``.
    """

    setting: str
    variant: str
    method: Method
    params: TrainingParams
    teacher: "Training | None"
    start: "Training | None"
    evaluate: tuple[str, ...]

    @property
    def needs(self) -> list["Training"]:
        """The runs that have to be finished first."""
        return [run for run in (self.teacher, self.start) if run]

    @property
    def places(self) -> set[str]:
        """The sets that it learns from and is measured on, as ``<role>/<name>``."""
        synthetic = {f"synthetic/{name}" for name in self.params.synthetic or ()}
        real = self.params.real or ()
        fitted = {f"{FITTED}/{name}" for name in real if self.params.batch.fitted}
        return synthetic | {f"real/{name}" for name in real} | fitted | {*self.evaluate}

    def __str__(self) -> str:
        return f"{self.setting}/{self.variant}, seed {self.params.seed}"


def load_table(path: Path) -> Table:
    """Return the table in a YAML file.

    Raises:
        UserError: if the file does not fit, or names a teacher that it does not have.
    """
    table = load_params(path, Table)
    named = {f"variants.{name}.teacher": v.teacher for name, v in table.variants.items()}
    for key, teacher in (named | {"start": table.start}).items():
        if teacher is not None and teacher not in table.teachers:
            raise UserError(
                f"{path}: {key}: found {teacher!r}."
                f"{nearest(teacher, table.teachers)} Teachers: {', '.join(table.teachers)}."
            )
    return table


def restrict(setting: Setting, catalogue: DataParams) -> Setting | None:
    """Return the setting on the sets that a catalogue has; None if it cannot be trained there."""
    if not set(setting.synthetic) <= set(catalogue.synthetic):
        return None
    if not set(setting.real) <= set(catalogue.real):
        return None
    evaluate = [name for name in setting.evaluate if has_set(catalogue, name)]
    truth = [name for name in setting.truth if name in catalogue.synthetic]
    known = {"evaluate": evaluate, "truth": truth}
    return setting.model_copy(update=known) if evaluate else None


def has_set(catalogue: DataParams, place: str) -> bool:
    """Return whether the catalogue has the set ``<role>/<name>``."""
    role, name = place.split("/")
    return name in catalogue.sets(cast("Role", role))


@dataclass(frozen=True)
class Scale:
    """How large the runs are.

    Attributes:
        seeds: of the students; a teacher has the first.
        steps: of a student, instead of the table's; teachers keep their proportion to it.
        batch: changes of every run's batch.
    """

    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int | None = None
    batch: Mapping[str, int] = field(default_factory=dict)


QUICK = Scale(seeds=(0,), steps=3, batch={"pairs": 4, "patch": 48})
"""The smallest runs that take every path of the code; as many pairs as real images in `shift`."""


def plan(path: Path, catalogue: DataParams, scale: Scale) -> list[Training]:
    """Return every run of a table: for each setting its teachers, then variants × seeds.

    A teacher is trained once and shared by all of its students. Settings that the catalogue has
    no data for are left out.

    Raises:
        UserError: if the parameters of a run are not valid.
    """
    table = load_table(path)
    runs: list[Training] = []
    for name, wanted in table.settings.items():
        setting = restrict(wanted, catalogue)
        if setting is not None:
            runs += Planner(path, table, scale, name, setting).runs()
    return runs


@dataclass(frozen=True)
class Planner:
    """Makes the runs of one setting of a table."""

    path: Path
    table: Table
    scale: Scale
    name: str
    setting: Setting

    def runs(self) -> list[Training]:
        """Return the teachers, then variants × seeds."""
        teachers = {name: self._teacher(name) for name in self.table.teachers}
        students = [
            replace(student, params=student.params.model_copy(update={"seed": seed}))
            for name, variant in self.table.variants.items()
            if self.setting.truth or not variant.oracle
            for student in [self._student(name, variant, teachers)]
            for seed in self.scale.seeds
        ]
        return [*teachers.values(), *students]

    def _teacher(self, name: str) -> Training:
        block = merged(self.table.teacher, self.table.teachers[name])
        label = f"teacher {name}"
        params = self._params(label, TeacherParams, block)
        places = tuple(self.setting.evaluate)
        return Training(self.name, label, "teacher", params, None, None, places)

    def _student(self, name: str, variant: Variant, teachers: Mapping[str, Training]) -> Training:
        block = merged(self.table.student, variant.student, {"real": self.setting.real or None})
        truth = self.setting.truth if variant.oracle else []
        params = self._params(name, TrainingParams, block, truth)
        teacher = teachers[variant.teacher] if variant.teacher else None
        start = teachers[self.table.start] if self.table.start else None
        places = tuple(self.setting.evaluate)
        return Training(self.name, name, "student", params, teacher, start, places)

    def _params(
        self, name: str, schema: type[TrainingParams], block: Block, truth: Sequence[str] = ()
    ) -> TrainingParams:
        """Return the parameters in ``block`` at this scale, with the first seed.

        Args:
            name: of the variant or teacher.
            schema: what the parameters have to fit.
            block: of params/.
            truth: sets of pairs beside those of the setting.
        """
        factor = self.scale.steps / self.table.student["steps"] if self.scale.steps else 1.0
        scaled: Block = {
            "seed": self.scale.seeds[0],
            "synthetic": [*self.setting.synthetic, *truth],
            "batch": dict(self.scale.batch),
            **intervals(max(1, round(block["steps"] * factor))),
        }
        params = validated(schema, merged(block, scaled), f"{self.path}: {self.name}/{name}")
        check_objective(params, self.path)
        return params


def intervals(steps: int) -> Block:
    """Return the length of a run and its intervals.

    The only validation is at the end: the last weights count, because to choose among weights by
    pairs of the training domain would favour students that do not leave it.
    """
    tenth = max(1, steps // 10)
    every = dict.fromkeys(("checkpoint_every", "log_every", "probe_every"), tenth)
    return {"steps": steps, "validate_every": steps, **every}


def validated(schema: type[TrainingParams], block: Block, where: str) -> TrainingParams:
    """Return the parameters in ``block``.

    Raises:
        UserError: if they do not fit, each problem in a line that begins with ``where``.
    """
    try:
        return schema.model_validate(block)
    except ValidationError as error:
        problems = [f"{where}: {explain(details, schema)}" for details in error.errors()]
        raise UserError("\n".join(problems)) from error


def merged(block: Mapping[str, Any], *changes: Mapping[str, Any]) -> Block:
    """Return ``block`` with the values of ``changes``, which go into nested mappings."""
    result = dict(block)
    for change in changes:
        for key, value in change.items():
            old = result.get(key)
            both = isinstance(old, Mapping) and isinstance(value, Mapping)
            result[key] = merged(cast("Block", old), value) if both else value
    return result
