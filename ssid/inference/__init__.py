"""Derain photographs of any size: one image in memory, a file, a whole folder, or a video."""

from importlib import import_module
from typing import Any

_WHERE = {
    "TILE_GRID": "tiles",
    "Summary": "folder",
    "choose_model": "student",
    "derain": "tiles",
    "derain_folder": "folder",
}

__all__ = list(_WHERE)  # loaded when they are asked for, as PyTorch is slow to load


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
