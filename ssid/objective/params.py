"""A term of the objective in params/."""

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
