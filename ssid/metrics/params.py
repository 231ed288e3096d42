"""How latency is measured."""

from typing import Annotated

from pydantic import Field

from ssid.config.base import Params, Threads


class LatencyParams(Params):
    """Median time for one height×width image over ``repeats`` runs after ``warmup`` runs."""

    height: Annotated[int, Field(ge=32, le=16_384)] = 256
    width: Annotated[int, Field(ge=32, le=16_384)] = 256
    repeats: Annotated[int, Field(ge=2, le=100_000)] = 30
    warmup: Annotated[int, Field(ge=0, le=100_000)] = 5
    threads: Threads = 1
