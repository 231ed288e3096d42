"""The tensors of a run: what a checkpoint holds of them, and how they are brought back."""

from torch import Tensor
from torch.optim import Optimizer

from ssid.models import Derainer
from ssid.models.weights import distinct_state, load_distinct_state
from ssid.objective.objective import Objective
from ssid.training.checkpoint import (
    load_optimizer_tensors,
    optimizer_tensors,
    prefixed,
    unprefixed,
)
from ssid.training.journal import Journal


def collect(
    student: Derainer, objective: Objective, optimizer: Optimizer, journal: Journal
) -> dict[str, Tensor]:
    """Return every tensor that the course of a run depends on."""
    return {
        **prefixed("student", distinct_state(student)),
        **prefixed("parts", objective.saved_state()),
        **prefixed("optimizer", optimizer_tensors(optimizer)),
        **prefixed("journal", journal.pending()),
    }


def restore(
    tensors: dict[str, Tensor],
    student: Derainer,
    objective: Objective,
    optimizer: Optimizer,
    journal: Journal,
) -> None:
    """Go back to what :func:`collect` returned."""
    load_distinct_state(student, unprefixed("student", tensors))
    objective.load_saved_state(unprefixed("parts", tensors))
    load_optimizer_tensors(optimizer, unprefixed("optimizer", tensors))
    journal.restore(unprefixed("journal", tensors))
