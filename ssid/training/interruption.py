"""Being asked to stop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType


@contextmanager
def termination() -> Iterator[Event]:
    """Yield an event that SIGTERM and Ctrl-C set, so that no step is cut in the middle."""
    stop = Event()

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()

    previous = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
