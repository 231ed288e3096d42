"""Recognise a photograph again after it was resized, compressed or slightly cropped."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ssid.pictures import Picture

SIDE = 16
SAME = 0.9
_CELLS = 1 << 22  # of the table of likenesses that is in memory at a time
_ROWS = 256  # of it


class Match(NamedTuple):
    """Two photographs that are the same: their positions, and the likeness, ``SAME`` to 1."""

    first: int
    second: int
    likeness: float


def fingerprint(picture: Picture) -> str:
    """Return the luminance of ``picture``, H×W×3, averaged over 16×16 cells, as 512 hex digits."""
    gray = Image.fromarray(picture).convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    return gray.tobytes().hex()


def find_same(first: Sequence[str], second: Sequence[str]) -> list[Match]:
    """Return all pairs of fingerprints, one of each sequence, that show the same photograph.

    The likeness is the correlation of the differences between neighbouring cells. Unlike
    correlated luminance it ignores what photographs have in common, such as a bright sky; unlike a
    hash of 64 bits it leaves a wide margin: over Rain100L, Rain100H, Rain800, BSDS500, Real-275 and
    SIRR, equal photographs reach 0.95 or more, different ones at most 0.76, which are successive
    pictures of one place. Mirrored photographs are not recognised, and flat pictures never match.
    """
    matches = []
    theirs = _gradients(second)
    rows = max(1, _CELLS // max(1, len(second)))
    for start in range(0, len(first), rows):
        likeness = _gradients(first[start : start + rows]) @ theirs.T
        for i, j in np.argwhere(likeness >= SAME).tolist():
            matches.append(Match(start + i, j, float(likeness[i, j])))
    return matches


def first_same(fingerprints: Sequence[str]) -> list[int]:
    """Return for each fingerprint the position of the first that shows the same photograph.

    Photographs that are the same as a third one are the same. Takes time in proportion to the
    square of their number (about a minute for 100,000 on one core), and memory to the number.
    """
    vectors = _gradients(fingerprints)
    first = np.arange(len(vectors))
    rows = min(_ROWS, max(1, _CELLS // max(1, len(vectors))))
    for start in range(0, len(vectors), rows):
        stop = min(start + rows, len(vectors))
        same = vectors[start:stop] @ vectors[:stop].T >= SAME
        for i in range(start, stop):
            groups = np.unique(first[:i][same[i - start, :i]])
            if len(groups):
                first[i] = groups[0]
            if len(groups) > 1:
                first[np.isin(first, groups)] = groups[0]
    return first.tolist()


def _gradients(fingerprints: Iterable[str]) -> NDArray[np.float32]:
    """Return the differences of neighbours, N×480, with length 1; about 0 where all are equal."""
    cells = np.frombuffer(bytes.fromhex("".join(fingerprints)), np.uint8).astype(np.float32)
    grids = cells.reshape(-1, SIDE, SIDE)
    count = SIDE * (SIDE - 1)
    parts = [np.diff(grids, axis=axis).reshape(len(grids), count) for axis in (1, 2)]
    vectors = np.concatenate(parts, axis=1)
    vectors -= vectors.mean(axis=1, keepdims=True)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, length, out=vectors, where=length > 1e-3)
