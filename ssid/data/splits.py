"""Choose photographs: evenly for a limit, by lot for validation."""

import hashlib
from collections.abc import Collection, Sequence
from typing import TypeVar

Choice = TypeVar("Choice")


def evenly_spaced(items: Sequence[Choice], limit: int | None) -> list[Choice]:
    """Return at most ``limit`` of the items, in order, from the whole of their range."""
    count = len(items) if limit is None else min(limit, len(items))
    return [items[i * len(items) // count] for i in range(count)]


def held_out(photographs: Collection[str], fraction: float, seed: int) -> set[str]:
    """Draw the photographs for validation.

    Each name has a lot that depends on nothing but itself and ``seed``, so that adding a photograph
    moves at most one other between the splits.

    Returns:
        ``fraction`` of the names, rounded; at least one where ``fraction`` is above 0, but never
        all of them.
    """
    count = max(1, round(fraction * len(photographs))) if fraction > 0 else 0
    lots = sorted(photographs, key=lambda name: seeded(seed, name))
    return set(lots[: min(count, len(photographs) - 1)])


def seeded(seed: int, *parts: str | int) -> int:
    """Return a number below 2^63 that depends on all arguments (the first bytes of a SHA-256)."""
    text = "\0".join(str(part) for part in (seed, *parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) >> 1
