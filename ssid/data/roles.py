"""What a data set is for."""

from typing import Literal

Role = Literal["synthetic", "real", "benchmark"]
"""Pairs to learn from; rainy photographs to adapt to; pairs that are only ever measured."""

Mask = Literal["", "streaks", "moved"]
"""What the masks of a set mark: nothing, as there are none; streaks of rain; or where the scene
itself moved, which no measure counts."""

FITTED = "fitted"
"""What prepared pairs are whose rain was fitted to a real set, which has the same name."""
