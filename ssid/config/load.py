"""Read a parameter file: all that is wrong with it is told at once, and by its line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode

from ssid.config.base import Params
from ssid.config.bounds import check_bounds
from ssid.config.explain import explain
from ssid.config.values import unrecordable
from ssid.errors import UserError

Schema = TypeVar("Schema", bound=Params)


def load_params(path: Path, schema: type[Schema]) -> Schema:
    """Return the parameters in the YAML file at ``path``.

    Raises:
        UserError: if the file is missing, is not YAML or does not fit ``schema``. One line per
            problem names file, line, key, what was found and what is allowed.
    """
    return parse_params(read_text(path), path, schema)


def parse_params(text: str, path: Path, schema: type[Schema]) -> Schema:
    """Return the parameters in ``text``, which is or will be the content of ``path``.

    Raises:
        UserError: as :func:`load_params`.
    """
    values = parse_yaml(text, path)
    try:
        params = schema.model_validate(values)
    except ValidationError as error:
        problems = sorted(
            (_line(text, details["loc"]), explain(details, schema)) for details in error.errors()
        )
        lines = [f"{path}:{line}: {problem}" for line, problem in problems]
        raise UserError("\n".join([*lines, f"Correct {path} and try again."])) from error
    _check_recordable(values, text, path)
    return params


def parse_yaml(text: str, path: Path) -> dict[str, Any]:
    """Return the keys and values of a YAML 1.2 text; ``path`` is for messages.

    Raises:
        UserError: if ``text`` is empty, is not YAML, repeats a key or is no mapping of keys.
    """
    try:
        check_bounds(text, path)
        values = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path}:{mark.line + 1}, column {mark.column + 1}" if mark else f"{path}"
        raise UserError(f"{place}: this is not valid YAML: {error.problem}.") from error
    except YAMLError as error:
        raise UserError(f"{path}: this is not valid YAML: {error}") from error
    except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: a value cannot be read: {error}") from error
    if values is None:
        raise UserError(f"{path} is empty. `git checkout -- {path}` restores the shipped file.")
    if not isinstance(values, dict):
        raise UserError(f"{path}: found a {type(values).__name__}, expected lines of `key: value`.")
    return values


def read_text(path: Path) -> str:
    """Return the text of a parameter file, line ends as they are.

    Raises:
        UserError: if the file is missing, cannot be read or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        raise UserError(
            f"there is no parameter file {path}. Run this in the folder of the project;"
            f" `git checkout -- {path}` restores the shipped file."
        ) from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not text in UTF-8: {error}.") from error


def _check_recordable(values: dict[str, Any], text: str, path: Path) -> None:
    """Refuse what a schema lets through, such as a date among the options of a term."""
    faults = sorted(
        (_line(text, location), f"{'.'.join(map(str, location))}: {fault}")
        for location, fault in unrecordable(values)
    )
    if faults:
        raise UserError("\n".join(f"{path}:{line}: {fault}." for line, fault in faults))


def _line(text: str, location: Sequence[int | str]) -> int:
    """Return the line, from 1, of the deepest key on the way to ``location`` that exists."""
    node, line = YAML(pure=True).compose(text), 1
    for part in location:
        pairs = node.value if isinstance(node, MappingNode) else []
        found = [(key, value) for key, value in pairs if key.value == str(part)]
        if not found:
            break
        key, node = found[0]
        line = key.start_mark.line + 1
    return line
