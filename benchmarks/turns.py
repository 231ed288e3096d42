"""Training loops that take turns: each in a process of its own, one step at a time.

On a busy machine nothing else compares well: what slows one of them down slows down all.
"""

import multiprocessing
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from time import perf_counter
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ssid.progress import track

T = TypeVar("T")

WARM_UP = 3
"""Steps at the beginning that are not counted."""


class Turn:
    """The side of a loop: it calls :meth:`begin` before each step.

    Args:
        name: name of the loop.
        connection: connection to whoever gives the turns.
    """

    def __init__(self, name: str, connection: Connection) -> None:
        self.name = name
        self._connection = connection
        self._began = self._waited = 0.0

    def begin(self) -> None:
        """End the step before, and wait for the turn of the next one."""
        self._connection.send((perf_counter() - self._began, self._waited))
        self._connection.recv()
        self._began, self._waited = perf_counter(), 0.0

    def wait(self, load: Callable[[], T]) -> T:
        """Return what ``load`` returns, and count its time as waiting for data."""
        before = perf_counter()
        loaded = load()
        self._waited += perf_counter() - before
        return loaded


Loop = Callable[[Turn], None]
"""Trains for ever, or longer than it is asked to."""


class Times(NamedTuple):
    """Seconds of the steps of a loop, and of those the seconds that it waited for data."""

    steps: NDArray[np.float64]
    waited: NDArray[np.float64]


def take_turns(loops: Mapping[str, Loop], rounds: int) -> dict[str, Times]:
    """Return the times of ``rounds`` steps of each loop, which take turns after each step.

    Args:
        loops: loops by name; they are sent to their processes.
        rounds: number of steps that are timed, after :data:`WARM_UP` others.
    """
    context = multiprocessing.get_context("spawn")
    ends, processes = {}, []
    for name, loop in loops.items():
        ends[name], other = context.Pipe()
        processes.append(context.Process(target=_run, args=(loop, name, other), daemon=True))
        processes[-1].start()
    try:
        for end in ends.values():
            end.recv()  # all have begun
        found = [
            {name: _step(end) for name, end in ends.items()}
            for _ in track(range(WARM_UP + rounds), WARM_UP + rounds, "turns")
        ][WARM_UP:]
    finally:
        for process in processes:
            process.kill()
            process.join()
    return {name: Times(*np.array([one[name] for one in found]).T) for name in loops}


def _step(end: Connection) -> tuple[float, float]:
    end.send(None)
    seconds: tuple[float, float] = end.recv()
    return seconds


def _run(loop: Loop, name: str, connection: Connection) -> None:
    loop(Turn(name, connection))
