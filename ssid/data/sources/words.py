"""What the words in names say: a prior for which side is rainy, and whether a folder is clean."""

import re
from typing import Literal

from ssid.data.sources.keys import Key, tokens

Side = Literal["rainy", "clean"]

_RAIN = frozenset(
    {"rain", "rainy", "rains", "raining", "raindrop", "raindrops", "rainstreak", "streak", "drop"}
    | {"drops", "wet", "雨", "pluie", "regen", "lluvia", "chuva"}
)
_INPUT = frozenset(
    {"input", "inputs", "in", "data", "lq", "lr", "low", "degraded", "source", "noisy", "control"}
    | {"condition", "distorted", "corrupted"}
)
_CLEAN = frozenset(
    {"clean", "clear", "norain", "gt", "groundtruth", "derained", "derain", "rainfree", "nonrain"}
    | {"dry", "sunny", "background", "无雨", "無雨"}
)
_TARGET = frozenset(
    {"target", "targets", "label", "labels", "hq", "hr", "high", "sharp", "reference", "ref"}
    | {"original"}
)
_NOT = frozenset({"no", "non", "not", "without", "free", "de", "sans", "ohne", "sin", "sem"})
_TRUTH = ("ground", "truth")


def said_by(text: str) -> Side | None:
    """Return the side that the words of a folder or a name speak for; None where they do not."""
    found = tokens(text)
    if _says_clean(found) or _has(found, _TARGET):
        return "clean"
    return "rainy" if _has(found, _RAIN) or _has(found, _INPUT) else None


def says_clean(text: str) -> bool:
    """Return whether ``text`` says in so many words that there is no rain."""
    return _says_clean(tokens(text))


def says_rainy(text: str) -> bool:
    """Return whether ``text`` speaks of rain, and not of its absence."""
    found = tokens(text)
    return _has(found, _RAIN) and not _says_clean(found)


def _says_clean(found: Key) -> bool:
    dry = _has(found, _CLEAN) or any(found[i : i + 2] == _TRUTH for i in range(len(found)))
    return dry or (_has(found, _RAIN) and _has(found, _NOT))


def _has(found: Key, words: frozenset[str]) -> bool:
    return any(re.sub(r"s$", "", word) in words or word in words for word in found)
