"""Being asked to stop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from time import monotonic
from types import FrameType

import torch
from accelerate import Accelerator

AGAIN = 1.0
"""Seconds after which another Ctrl-C is meant as such; launchers pass on a single one twice."""


class Stopping:
    """Whether this run was asked to stop: by SIGTERM, by Ctrl-C, or by its parent's end."""

    def __init__(self) -> None:
        self._asked = Event()
        self._since = 0.0

    def is_set(self) -> bool:
        """Return whether this process was asked."""
        return self._asked.is_set()

    def agreed(self, accelerator: Accelerator) -> bool:
        """Return whether any of the processes of the run was asked: they stop at the same step."""
        if accelerator.num_processes == 1:
            return self.is_set()
        asked = torch.tensor(float(self.is_set()), device=accelerator.device)
        return bool(accelerator.reduce(asked, "sum") > 0)

    def ask(self, number: int, frame: FrameType | None) -> None:
        """Remember a signal; the second Ctrl-C ends the run in the middle of a step."""
        if self.is_set() and number == signal.SIGINT and monotonic() - self._since > AGAIN:
            raise KeyboardInterrupt("stopped in the middle of a step; the last checkpoint is kept")
        if not self.is_set():
            self._since = monotonic()
        self._asked.set()


@contextmanager
def termination() -> Iterator[Stopping]:
    """Yield what SIGTERM and Ctrl-C set, so that no step is cut in the middle."""
    stop = Stopping()
    signals = (signal.SIGTERM, signal.SIGINT)
    previous = {number: signal.signal(number, stop.ask) for number in signals}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
