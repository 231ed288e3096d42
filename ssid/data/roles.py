"""What a data set is for."""

from typing import Literal

Role = Literal["synthetic", "real", "benchmark"]
"""Pairs to learn from; rainy photographs to adapt to; pairs that are only ever measured."""
