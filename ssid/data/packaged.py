"""Photographs that lie inside installed packages: data for a start, without any download."""

import importlib.util
from pathlib import Path

from ssid.errors import UserError, nearest

PREFIX = "package:"

# scikit-image can also fetch photographs; only what its wheel carries is listed here.
_FOLDERS = {"skimage": "data", "sklearn": "datasets/images"}
_SUFFIXES = {".png", ".jpg"}


def packaged_photograph(reference: str) -> Path:
    """Return the file that ``package:skimage/NAME`` or ``package:sklearn/NAME`` stands for.

    Raises:
        UserError: The package has no photograph of that name.
    """
    package, _, name = reference.removeprefix(PREFIX).partition("/")
    if package not in _FOLDERS:
        raise UserError(
            f"{reference}: no photographs are known in package {package!r}."
            f"{nearest(package, _FOLDERS)} Available: {', '.join(_FOLDERS)}."
        )
    photographs = {
        path.name: path for path in sorted(_folder(package).iterdir()) if path.suffix in _SUFFIXES
    }
    if name not in photographs:
        raise UserError(
            f"{reference}: the installed {package} has no photograph {name!r}."
            f"{nearest(name, photographs)} Available: {', '.join(photographs)}."
        )
    return photographs[name]


def _folder(package: str) -> Path:
    """Locate the photographs without importing the package, which may take seconds."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(f"the package {package} is not installed: run `uv sync`.")
    return Path(spec.submodule_search_locations[0]) / _FOLDERS[package]
