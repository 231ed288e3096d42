"""params/teacher.yaml and params/student.yaml: one training run each."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from ssid.config.base import Count, CountOrZero, NotNegative, Params, Positive, Seed, Threads
from ssid.errors import UserError, nearest
from ssid.models.params import ModelParams
from ssid.objective.params import TermParams

MOST_PIXELS = 2**30
"""Of the crops of a step: twelve gigabytes as numbers, several times, and more in a network."""


class BatchParams(Params):
    """Crops per training step, ``patch``×``patch`` pixels: pairs and real images.

    Attributes:
        pairs: synthetic pairs per step, over all processes.
        fitted: pairs in the rain that was fitted to real images, beside the others.
        real: real images per step, over all processes.
        patch: side of the crops in pixels.
        exposure: least share of its light to which a crop is dimmed, all it shows alike. Half of
            the crops keep theirs, the others are spread evenly in f-stops; 1 dims none.
        parts: number of parts that a step is computed in, one after the other; their gradients
            are averaged. Takes 1 / ``parts`` of the memory. Terms that compare distributions
            see those of a part.
    """

    pairs: Annotated[int, Field(ge=1, le=65_536)]
    # Left out of records at 0, so that runs from before it keep their identity.
    fitted: Annotated[int, Field(ge=0, le=65_536, exclude_if=lambda count: count == 0)] = 0
    real: Annotated[int, Field(ge=0, le=65_536)] = 0
    patch: Annotated[int, Field(ge=16, le=4_096)]
    # Left out of records at 1, so that runs from before there were these keep their identity.
    exposure: Annotated[float, Field(ge=0.01, le=1, exclude_if=lambda exposure: exposure == 1)] = (
        1.0
    )
    parts: Annotated[int, Field(ge=1, le=65_536, exclude_if=lambda parts: parts == 1)] = 1

    @model_validator(mode="after")
    def _parts_are_equal(self) -> Self:
        if any(count % self.parts for count in (self.pairs, self.fitted, self.real)):
            raise ValueError(
                f"parts: found {self.parts}, which divides pairs: {self.pairs}, fitted:"
                f" {self.fitted} and real: {self.real} into unequal parts"
            )
        return self

    @model_validator(mode="after")
    def _fits_in_memory(self) -> Self:
        crops = self.pairs + self.fitted + self.real
        if crops * self.patch**2 > MOST_PIXELS:
            raise ValueError(
                f"found {crops} crops of {self.patch}×{self.patch} pixels a step;"
                f" at most {MOST_PIXELS // self.patch**2} of this size are allowed"
            )
        return self


class OptimizerParams(Params):
    """Optimizer; ``clip`` bounds the norm of the gradient, None leaves it."""

    name: Literal["adam", "adamax", "adamw"] = "adam"
    lr: Positive
    weight_decay: NotNegative = 0.0
    clip: Positive | None = None


class ScheduleParams(Params):
    """Course of the learning rate.

    Attributes:
        name: constant; milestones (times ``factor`` at each); cosine (down to ``min_lr``); plateau
            (times ``factor`` after ``patience`` validations without progress).
        milestones: fractions of the run, ascending.
        factor: factor of the rate at milestones and on plateaus.
        patience: validations without progress that a plateau takes.
        min_lr: the rate never falls below this.
        warmup: fraction of the run in which the rate rises from zero.
    """

    name: Literal["constant", "milestones", "cosine", "plateau"] = "constant"
    milestones: list[Annotated[float, Field(gt=0, lt=1)]] = Field(default_factory=list)
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    patience: CountOrZero = 3
    min_lr: NotNegative = 0.0
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.0

    @field_validator("milestones")
    @classmethod
    def _ascend(cls, milestones: list[float]) -> list[float]:
        if milestones != sorted(set(milestones)):
            raise ValueError(f"found {milestones}; each must be larger than the one before")
        return milestones

    @model_validator(mode="after")
    def _milestones_have_their_schedule(self) -> Self:
        if bool(self.milestones) != (self.name == "milestones"):
            raise ValueError(
                f"found name: {self.name} and milestones: {self.milestones}; milestones belong to"
                " name: milestones, which needs at least one, and must be [] for the others"
            )
        return self


class TrainingParams(Params):
    """params/student.yaml: one training run. Its length and intervals are counted in steps.

    Attributes:
        init: origin of the weights: ``random``, ``teacher``, or a path to a safetensors file.
        threads: CPU threads that compute; None for one on every core.
        objective: weighted terms by name; :func:`check_objective` checks names and options.
        synthetic: names of the synthetic sets to train on; None for all of the catalogue.
        real: names of the real sets, whose pairs in fitted rain are taken, too; None for all.
    """

    model: ModelParams
    init: str = "random"
    seed: Seed = 0
    steps: Count
    batch: BatchParams
    optimizer: OptimizerParams
    schedule: ScheduleParams = ScheduleParams()
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    threads: Threads | None = None
    objective: Annotated[dict[str, TermParams], Field(min_length=1)]
    validate_every: Count
    checkpoint_every: Count
    log_every: Count
    probe_every: Count
    synthetic: Annotated[list[str], Field(min_length=1)] | None = None
    real: list[str] | None = None

    @model_validator(mode="after")
    def _rate_can_fall(self) -> Self:
        if self.schedule.min_lr > self.optimizer.lr:
            raise ValueError(
                f"schedule.min_lr: found {self.schedule.min_lr}, which exceeds optimizer.lr:"
                f" {self.optimizer.lr}; the rate stays between the two"
            )
        return self

    @field_validator("init")
    @classmethod
    def _starts_from_something_known(cls, init: str) -> str:
        if init not in ("random", "teacher") and not init.endswith(".safetensors"):
            raise ValueError(
                f"found {init!r}; it should be 'random', 'teacher' or a path that ends in"
                f" .safetensors.{nearest(init, ['random', 'teacher'])}"
            )
        return init

    @field_validator("objective")
    @classmethod
    def _has_something_to_learn(cls, objective: dict[str, TermParams]) -> dict[str, TermParams]:
        if not any(term.weight for term in objective.values()):
            raise ValueError("every weight is 0; at least one must be above 0")
        if not any(term.weight and not term.start for term in objective.values()):
            raise ValueError("every term starts later; at least one must have start: 0")
        return objective


class TeacherParams(TrainingParams):
    """params/teacher.yaml: a run that learns from pairs alone."""

    @model_validator(mode="after")
    def _is_taught_by_pairs(self) -> Self:
        if self.init == "teacher":
            raise ValueError("init: the teacher cannot start from the teacher; use random")
        if self.batch.real or self.batch.fitted or self.real:
            raise ValueError(
                "the teacher learns from synthetic pairs alone; set batch.real: 0,"
                " batch.fitted: 0 and real: null"
            )
        return self


def check_objective(params: TrainingParams, path: Path) -> None:
    """Check the names and options of all terms of the objective in the file at ``path``.

    Raises:
        UserError: if a term is unknown or does not take an option; names every such term.
    """
    from ssid.objective import check_term  # brings torch and every loss

    problems = []
    for name, term in params.objective.items():
        try:
            check_term(name, term.options)
        except UserError as error:
            problems.append(f"{path}: objective.{name}: {error}")
    if problems:
        raise UserError("\n".join(problems))
