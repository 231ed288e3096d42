"""The objective of a training run: named, weighted terms over one scene per step."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ssid.errors import UserError
from ssid.objective import TERMS, Setup, TermEntry, check_term
from ssid.objective.params import TermParams
from ssid.objective.scene import FROM_TEACHER, Scene, Views

DEAD_SHARE = 1e-6
"""A term whose share of the gradient is below this changes nothing in float32."""


class ActiveTerm(NamedTuple):
    """A term of this run: its entry, weight and start, and the options of its function."""

    name: str
    entry: TermEntry
    weight: float
    start: float
    options: dict[str, Any]


class Objective(nn.Module):
    """Σ weight · term(scene) over the terms with a weight above 0; the others cost nothing.

    The modules that terms own (regressors, averages, frozen trunks) are its submodules.

    Attributes:
        done: share of the run that is over, 0..1; terms that start later are 0 until then.

    Args:
        params: name → weight and options, as in params/*.yaml.
        setup: the networks that parts of terms are made for.
        real_count: real photographs per step.

    Raises:
        UserError: if no term has weight, a name or option is unknown, or a term needs a teacher
            or real photographs that the run does not have, or another student.
    """

    def __init__(self, params: Mapping[str, TermParams], setup: Setup, real_count: int) -> None:
        super().__init__()
        self.done = 0.0
        self.terms: list[ActiveTerm] = []
        self.parts = nn.ModuleDict()
        for name, term in params.items():
            check_term(name, term.options)
            if term.weight > 0:
                self._add(name, term, setup, real_count)
        if not self.terms:
            raise UserError(
                "the objective has no term with a weight above 0, so there is nothing to learn."
            )

    @property
    def started(self) -> list[ActiveTerm]:
        """Return the terms whose time has come."""
        return [term for term in self.terms if term.start <= self.done]

    @property
    def views(self) -> Views:
        """Return the views that the terms need now, all together."""
        entries = [term.entry for term in self.started]
        return Views(
            student=frozenset().union(*(entry.student for entry in entries)),
            teacher=frozenset().union(*(entry.teacher for entry in entries)),
            images=frozenset().union(*(entry.images for entry in entries)),
        )

    def forward(self, scene: Scene) -> dict[str, Tensor]:
        """Return the weighted value of every term, a scalar each; their sum is the loss."""
        started = self.started
        return {
            term.name: term.weight * self._value(term, scene).float()
            if term in started
            else scene.batch.rainy.new_zeros(())
            for term in self.terms
        }

    def saved_state(self) -> dict[str, Tensor]:
        """Return the state of parts that change during training, for checkpoints."""
        saved = {term.name for term in self.terms if term.entry.saved}
        return {
            key: tensor
            for key, tensor in self.parts.state_dict().items()
            if key.split(".", 1)[0] in saved
        }

    def load_saved_state(self, state: dict[str, Tensor]) -> None:
        """Restore what :meth:`saved_state` returned."""
        self.parts.load_state_dict(state, strict=False)

    def _value(self, term: ActiveTerm, scene: Scene) -> Tensor:
        part = [self.parts[term.name]] if term.entry.part else []
        with explained(term.name):
            return term.entry.value(scene, *part, **term.options)

    def _add(self, name: str, params: TermParams, setup: Setup, real_count: int) -> None:
        entry = TERMS[name].narrowed(params.options)
        if (entry.teacher or entry.views & FROM_TEACHER) and setup.teacher is None:
            raise UserError(f"term {name!r} needs a teacher, and this stage has none.")
        if entry.views & {"real", *FROM_TEACHER} and not real_count:
            raise UserError(
                f"term {name!r} looks at real rain, but batch.real is 0."
                f" Raise batch.real, or give {name!r} the weight 0."
            )
        if entry.fits is not None:
            with explained(name):
                entry.fits(setup.student)
        if entry.part is not None:
            options = {k: v for k, v in params.options.items() if k in entry.part_options()}
            self.parts[name] = entry.part(setup, **options)
        options = {
            k: v for k, v in params.options.items() if k in entry.value_options(params.options)
        }
        self.terms.append(ActiveTerm(name, entry, params.weight, params.start, options))


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn a term's complaint about the networks into a :class:`UserError` that names it."""
    try:
        yield
    except ValueError as error:
        raise UserError(f"term {name!r} does not fit these networks: {error}") from error


def gradient_shares(values: Mapping[str, Tensor], weights: Sequence[Tensor]) -> dict[str, float]:
    """Return each term's share of Σ‖∂term/∂weights‖₂, in [0, 1]; the graph is kept.

    Args:
        values: weighted terms, scalars, as :class:`Objective` returns them.
        weights: the student's trainable parameters.
    """
    norms = {name: _gradient_norm(value, weights) for name, value in values.items()}
    total = sum(norms.values())
    return {name: norm / total if total else 0.0 for name, norm in norms.items()}


def dead_terms(shares: Mapping[str, float]) -> list[str]:
    """Return the terms whose share of the gradient is below :data:`DEAD_SHARE`."""
    return [name for name, share in shares.items() if share < DEAD_SHARE]


def _gradient_norm(value: Tensor, weights: Sequence[Tensor]) -> float:
    if not value.requires_grad:
        return 0.0
    gradients = torch.autograd.grad(value, weights, retain_graph=True, allow_unused=True)
    squares = [g.float().square().sum() for g in gradients if g is not None]
    return float(torch.stack(squares).sum().sqrt()) if squares else 0.0
