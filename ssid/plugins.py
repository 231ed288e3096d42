"""Networks, terms, distances, layouts, profiles of rain and metrics from outside this package.

A plugin is a module that registers what it adds when it is imported. Those of a project are named
in params/plugins.yaml; those of an installed package by an entry point of the group
``ssid.plugins``.
"""

import importlib
import sys
import traceback
from importlib.metadata import entry_points
from pathlib import Path

from ssid.errors import UserError

PLUGINS_FILE = Path("params/plugins.yaml")
GROUP = "ssid.plugins"


def load_plugins(file: Path = PLUGINS_FILE) -> list[str]:
    """Import the plugins of installed packages and of the project in the working directory.

    Args:
        file: list of modules, which may lie in the working directory; none where it is missing.

    Returns:
        The names of the modules.

    Raises:
        UserError: if the file is damaged, or a module cannot be imported; says why.
    """
    places = {point.module: f"entry point {point.name!r}" for point in entry_points(group=GROUP)}
    if file.is_file():
        places |= {name: str(file) for name in read_names(file)}
        if str(Path.cwd()) not in sys.path:
            sys.path.append(str(Path.cwd()))
    for name, place in places.items():
        _load(name, place)
    return list(places)


def read_names(file: Path) -> list[str]:
    """Return the modules that a file like params/plugins.yaml names.

    Raises:
        UserError: if the file is damaged.
    """
    from ssid.config.base import PluginParams  # takes time, and most projects have no plugins
    from ssid.config.load import load_params

    return load_params(file, PluginParams).plugins


def _load(name: str, place: str) -> None:
    try:
        importlib.import_module(name)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise UserError(
            f"{place}: the plugin {name} cannot be imported: {type(error).__name__}: {error}"
            f" ({last.filename}, line {last.lineno})."
        ) from error
