"""Training loops that take turns: each in a process of its own, one step at a time.

On a busy machine nothing else compares well: what slows one of them down slows down all. Their
order is drawn anew in each round, and beside the time that passes, the time that the processor
spends in the process is noted, which has no part of what else it does.
"""

import multiprocessing
import random
import resource
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from time import perf_counter, process_time
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
        self._began = self._processor = self._waited = 0.0

    def begin(self) -> None:
        """End the step before, and wait for the turn of the next one."""
        passed, spent = perf_counter() - self._began, process_time() - self._processor
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0  # bytes, on Linux
        self._connection.send((passed, spent, self._waited, memory))
        self._connection.recv()
        self._began, self._processor, self._waited = perf_counter(), process_time(), 0.0

    def wait(self, load: Callable[[], T]) -> T:
        """Return what ``load`` returns, and count its time as waiting for data."""
        before = perf_counter()
        loaded = load()
        self._waited += perf_counter() - before
        return loaded


Loop = Callable[[Turn], None]
"""Trains for ever, or longer than it is asked to."""


class Times(NamedTuple):
    """What was measured of a loop, a number for each step.

    Attributes:
        steps: seconds that passed.
        processor: seconds that the processor spent in the process.
        waited: seconds that it waited for data.
        memory: bytes at the peak so far.
    """

    steps: NDArray[np.float64]
    processor: NDArray[np.float64]
    waited: NDArray[np.float64]
    memory: NDArray[np.float64]


def take_turns(loops: Mapping[str, Loop], rounds: int) -> dict[str, Times]:
    """Return the times of ``rounds`` steps of each loop, which take turns after each step.

    Args:
        loops: loops by name; they are sent to their processes.
        rounds: number of steps that are timed, after :data:`WARM_UP` others.
    """
    draw = random.Random(0)
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
            _round(ends, draw) for _ in track(range(WARM_UP + rounds), WARM_UP + rounds, "turns")
        ][WARM_UP:]
    finally:
        for process in processes:
            process.kill()
            process.join()
    return {name: Times(*np.array([one[name] for one in found]).T) for name in loops}


def _round(
    ends: Mapping[str, Connection], draw: random.Random
) -> dict[str, tuple[float, float, float, float]]:
    order = draw.sample(list(ends), len(ends))
    return {name: _step(ends[name]) for name in order}


def _step(end: Connection) -> tuple[float, float, float, float]:
    end.send(None)
    measured: tuple[float, float, float, float] = end.recv()
    return measured


def _run(loop: Loop, name: str, connection: Connection) -> None:
    loop(Turn(name, connection))
