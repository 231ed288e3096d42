"""Progress of long work: a bar on a terminal, a few quiet lines anywhere else."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

QUIET_SHARE = 0.1  # without a terminal: a line whenever this share more is done ...
QUIET_SECONDS = 30.0  # ... or this much time has passed ...
QUIET_PAUSE = 2.0  # ... and not more often than this


def track(iterable: Iterable[Item], total: int, description: str) -> Iterator[Item]:
    """Yield the items of ``iterable`` and show on stderr how far the work has come.

    On a terminal: a bar with rate and remaining time. Elsewhere, as in logs: one line at the
    start, one at about every 10 % or 30 s, and one at the end;
    work of a few seconds gets no lines in between.

    Args:
        iterable: items that are worked through; one counts as done when the next one is asked for.
        total: number of items expected.
        description: words for the work, shown before the numbers.
    """
    if sys.stderr.isatty():
        return iter(tqdm(iterable, total=total, desc=description, dynamic_ncols=True))
    return _quiet(iterable, total, description)


def tally(iterable: Iterable[Item], description: str) -> Iterator[Item]:
    """Yield the items of ``iterable``, whose number is unknown, and show on stderr how many came.

    Work of up to 2 s gets no word. Then: on a terminal a running number with its rate; elsewhere a
    line, and another one every 30 s.

    Args:
        iterable: items that are worked through; one counts as done when the next one is asked for.
        description: words for the work, shown before the number.
    """
    if sys.stderr.isatty():
        return iter(tqdm(iterable, desc=description, delay=QUIET_PAUSE, dynamic_ncols=True))
    return _quiet_tally(iterable, description)


def _quiet_tally(iterable: Iterable[Item], description: str) -> Iterator[Item]:
    due = time.monotonic() + QUIET_PAUSE
    for done, item in enumerate(iterable):
        if (now := time.monotonic()) >= due:
            _say(f"{description}: {done} so far")
            due = now + QUIET_SECONDS
        yield item


def _quiet(iterable: Iterable[Item], total: int, description: str) -> Iterator[Item]:
    start = said_at = time.monotonic()
    done = said = 0
    _say(f"{description}: {total} to do")
    for item in iterable:
        yield item
        done += 1
        now = time.monotonic()
        waited = now - said_at
        due = waited >= QUIET_SECONDS or (
            done - said >= QUIET_SHARE * total and waited >= QUIET_PAUSE
        )
        if due and done < total:
            _say(f"{description}: {_state(done, total, now - start)}")
            said, said_at = done, now
    _say(f"{description}: {done} done in {_clock(time.monotonic() - start)}")


def _state(done: int, total: int, seconds: float) -> str:
    rate = done / max(seconds, 1e-9)
    remaining = _clock((total - done) / rate)
    return f"{done}/{total} ({done / total:.0%}), {rate:.3g}/s, {remaining} left"


def _clock(seconds: float) -> str:
    return tqdm.format_interval(seconds)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
