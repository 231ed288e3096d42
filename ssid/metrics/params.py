"""How latency is measured."""

from typing import Annotated

from pydantic import Field

from ssid.config.base import Count, CountOrZero, Params


class LatencyParams(Params):
    """Median time for one height×width image over ``repeats`` runs after ``warmup`` runs."""

    height: Annotated[int, Field(ge=32)] = 256
    width: Annotated[int, Field(ge=32)] = 256
    repeats: Annotated[int, Field(ge=2)] = 30
    warmup: CountOrZero = 5
    threads: Count = 1
