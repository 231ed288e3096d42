"""Seconds of calls that take turns: what slows the machine slows all of them alike."""

import time
from collections.abc import Callable, Sequence
from statistics import quantiles
from typing import Any


def in_turns(
    calls: Sequence[Callable[[], Any]], rounds: int, warm_up: int = 1
) -> list[list[float]]:
    """Return the seconds of every call in ``rounds`` rounds; those of ``warm_up`` do not count."""
    taken: list[list[float]] = [[] for _ in calls]
    for turn in range(warm_up + rounds):
        for call, seconds in zip(calls, taken, strict=True):
            start = time.perf_counter()
            call()
            if turn >= warm_up:
                seconds.append(time.perf_counter() - start)
    return taken


def spread(values: Sequence[float], unit: str = "s") -> dict[str, float]:
    """Return median and quartiles; of one value alone, that value."""
    several = [*values, *values] if len(values) == 1 else values
    first, middle, third = quantiles(several, n=4, method="inclusive")
    return {f"median, {unit}": middle, "first quartile": first, "third quartile": third}
