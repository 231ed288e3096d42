"""A term of the objective in params/."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    ConfigDict,
    Field,
)

from ssid.config.base import NotNegative, Params


class TermParams(Params):
    """A term of the objective: its weight, and options of its own.

    Attributes:
        weight: factor of its value; a term of weight 0 costs nothing.
        start: the fraction of the run before which the term is 0 and costs nothing, either.
    """

    model_config = ConfigDict(extra="allow")

    weight: NotNegative
    # Left out of records at 0, so that runs from before there was a start keep their fingerprint.
    start: Annotated[float, Field(ge=0, lt=1, exclude_if=lambda start: start == 0)] = 0.0

    @property
    def options(self) -> dict[str, Any]:
        """What the term takes beside its weight and its start."""
        return dict(self.model_extra or {})


def describe_objective(terms: Mapping[str, TermParams]) -> str:
    """Return the terms that are on as one formula: ``1 · l1 + 0.5 · ssim (from 20 % on)``.

    A term is on where its weight is above 0; options stand behind its name.
    """
    return " + ".join(_describe(name, term) for name, term in terms.items() if term.weight > 0)


def _describe(name: str, term: TermParams) -> str:
    notes = [f"{option} {value}" for option, value in term.options.items()]
    if term.start:
        notes.append(f"from {term.start:.0%} on".replace("%", " %"))
    return f"{term.weight:g} · {name}" + (f" ({', '.join(notes)})" if notes else "")
