"""What a data set is for."""

from typing import Literal

Role = Literal["synthetic", "real", "benchmark"]
"""Pairs to learn from; rainy photographs to adapt to; pairs that are only ever measured."""

FITTED = "fitted"
"""What prepared pairs are whose rain was fitted to a real set, which has the same name."""
