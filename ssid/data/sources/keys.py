"""Read a file name as a key: the tokens that all pictures of one scene share."""

import re
from functools import lru_cache
from pathlib import PurePosixPath

Key = tuple[str, ...]

SLASH = "/"
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TOKEN = re.compile(r"/|[0-9]+|[^\W\d_]+")


def strip_zeros(digits: object) -> str:
    """Return a run of digits without leading zeros: equal numbers become equal texts."""
    return str(digits).lstrip("0") or "0"


def tokens(text: str) -> Key:
    """Return the words, numbers and slashes of ``text``: ``a/trainB_007`` is a / train b 7."""
    found = _TOKEN.findall(_CAMEL.sub(" ", text))
    return tuple(strip_zeros(t) if t.isdecimal() and t.isascii() else t.casefold() for t in found)


@lru_cache(1 << 16)
def path_key(name: str) -> Key:
    """Return the key of a path, without its suffix."""
    path = PurePosixPath(name)
    return trimmed(tokens(str(path.parent / path.stem)))


def trimmed(key: Key) -> Key:
    """Return ``key`` without slashes at its ends: a folder stands for all that is in it."""
    start, end = 0, len(key)
    while start < end and key[start] == SLASH:
        start += 1
    while end > start and key[end - 1] == SLASH:
        end -= 1
    return key[start:end]


def is_number(token: str) -> bool:
    """Return whether a token is a run of digits."""
    return token[0] in "0123456789"


def shape(key: Key) -> Key:
    """Return ``key`` with every number replaced by ``#``."""
    return tuple("#" if is_number(token) else token for token in key)


def folder_of(key: Key) -> Key:
    """Return the part of ``key`` before its last slash."""
    return key[: len(key) - 1 - key[::-1].index(SLASH)] if SLASH in key else ()


def cut(key: Key, word: Key) -> Key | None:
    """Return ``key`` without the last occurrence of ``word``; None where there is none."""
    for start in range(len(key) - len(word), -1, -1):
        if key[start : start + len(word)] == word:
            return trimmed(key[:start] + key[start + len(word) :])
    return None
