"""Networks, terms, distances, layouts, profiles of rain and metrics from outside this package.

A plugin is a module that registers what it adds when it is imported. Those of a project are named
in params/plugins.yaml; those of an installed package by an entry point of the group
``ssid.plugins``.
"""

import ast
import importlib
import sys
import traceback
from collections.abc import Iterator
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from ssid.errors import UserError, nearest

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
    places = find_plugins(file)
    if file.is_file() and str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    for name, place in places.items():
        _load(name, place)
    return list(places)


def find_plugins(file: Path = PLUGINS_FILE) -> dict[str, str]:
    """Return the modules that are plugins, and what names each.

    Raises:
        UserError: if the file is damaged.
    """
    places = {point.module: f"entry point {point.name!r}" for point in entry_points(group=GROUP)}
    named = read_names(file) if file.is_file() else []
    return places | dict.fromkeys(named, str(file))


def plugin_sources(file: Path = PLUGINS_FILE) -> dict[str, Path]:
    """Return the files of all plugins, by names that do not depend on their place.

    Packages are taken whole, and so is whatever plugins import of the working directory.
    """
    found: dict[str, Path] = {}
    waiting = {name.partition(".")[0] for name in find_plugins(file)}
    seen = {"ssid"}
    while waiting := waiting - seen:
        seen |= waiting
        new = {name: path for module in waiting for name, path in _files_of(module)}
        found |= new
        waiting = {name for path in new.values() for name in _imported(path) if _is_ours(name)}
    return dict(sorted(found.items()))


def read_names(file: Path) -> list[str]:
    """Return the modules that a file like params/plugins.yaml names.

    Raises:
        UserError: if the file is damaged.
    """
    from ssid.config.base import PluginParams  # takes time, and most projects have no plugins
    from ssid.config.load import load_params

    return load_params(file, PluginParams).plugins


def _files_of(module: str) -> Iterator[tuple[str, Path]]:
    """Yield the file of a module, or all files of code of a package, by their paths in it."""
    spec = find_spec(module)
    if spec and spec.submodule_search_locations:
        for folder in map(Path, spec.submodule_search_locations):
            for path in folder.rglob("*.py"):
                yield path.relative_to(folder.parent).as_posix(), path
    elif spec and spec.origin:
        yield Path(spec.origin).name, Path(spec.origin)


def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file; an empty one of what is no code of this Python."""
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _imported(path: Path) -> set[str]:
    """Return the first words of the modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def _is_ours(module: str) -> bool:
    """Return whether a module lies in the working directory."""
    return Path(f"{module}.py").is_file() or Path(module).is_dir()


def _load(name: str, place: str) -> None:
    try:
        importlib.import_module(name)
    except (Exception, SystemExit) as error:  # a script in the place of a module ends all
        if isinstance(error, ModuleNotFoundError) and _is_of(name, error.name):
            reason = f"there is no module {name}.{nearest(name, _here())}"
            advice = "Name a file beside params/, without .py, or a module that is installed."
            raise UserError(f"{place}: {reason} {advice}") from error
        raise UserError(
            f"{place}: the plugin {name} cannot be imported: {type(error).__name__}: {error}"
            f"{_where(error)}."
        ) from error


def _is_of(name: str, missing: str | None) -> bool:
    """Return whether the module that is missing is ``name`` or a package that it is in."""
    return missing is not None and f"{name}.".startswith(f"{missing}.")


def _here() -> list[str]:
    """Return the modules of the working directory that may be plugins."""
    found = (*Path.cwd().glob("*.py"), *(file.parent for file in Path.cwd().glob("*/__init__.py")))
    return sorted(path.stem for path in found)


def _where(error: BaseException) -> str:
    """Return the line of the plugin at fault; nothing where the message tells, as of syntax."""
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first one is of this file
    theirs = [frame for frame in frames if "importlib" not in frame.filename]
    return f" ({theirs[-1].filename}, line {theirs[-1].lineno})" if theirs else ""
