"""Networks from descriptions that nobody vouches for: bounded before any memory is taken."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from inspect import signature
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from ssid.errors import InvalidValueError
from ssid.models.base import Derainer, Recipe
from ssid.models.narrow import narrow
from ssid.models.registry import MODELS, check_options, create_model

MOST_TENSORS = 10_000
MOST_NUMBERS = 2**31
"""What a network may have of each; the largest of this package have 736 and 89 million."""


@contextmanager
def bounded(most_tensors: int = MOST_TENSORS, most_numbers: int = MOST_NUMBERS) -> Iterator[None]:
    """End the building of a network that gets too large with a ``ValueError``."""
    tensors = numbers = 0

    def count(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        nonlocal tensors, numbers
        tensors, numbers = tensors + 1, numbers + (0 if parameter is None else parameter.numel())
        if tensors > most_tensors:
            raise ValueError(f"it has more than {most_tensors:,} tensors of weights")
        if numbers > most_numbers:
            raise ValueError(f"it has more than {most_numbers:,} weights")

    hook = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        hook.remove()


def parse_recipe(text: str) -> Recipe:
    """Return the recipe that JSON describes.

    Raises:
        ValueError: if it describes none.
    """
    try:
        found = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(found, dict) or not {"name", "options"} <= found.keys() <= {*Recipe._fields}:
        raise ValueError("it should have name, options and shapes")
    recipe = Recipe(**found)
    if not isinstance(recipe.name, str) or not isinstance(recipe.options, dict):
        raise ValueError("name should be text, and options a mapping")
    if not isinstance(recipe.shapes, dict) or not all(map(_is_shape, recipe.shapes.values())):
        raise ValueError("shapes should be lists of positive numbers by name")
    return recipe


def sketch(recipe: Recipe, most_numbers: int = MOST_NUMBERS) -> Derainer:
    """Return the network of a recipe without memory for its weights.

    Raises:
        ValueError: if there is none, or it is larger than allowed.
    """
    check_options(recipe.name, recipe.options)
    check_types(recipe.name, recipe.options)
    try:
        with torch.device("meta"), bounded(most_numbers=most_numbers):
            return narrow(create_model(recipe.name, **recipe.options), recipe.shapes)
    except InvalidValueError:
        raise
    except Exception as error:  # whatever a constructor makes of values that it never expected
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(f"{recipe.name} cannot be built so: {reason}") from error


def check_types(name: str, options: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` where a value is not of the type that a network declares."""
    declared = signature(MODELS[name].build, eval_str=True).parameters
    for option, value in options.items():
        if not _fits(value, declared[option].annotation):
            raise InvalidValueError(f"option {option!r} of {name!r} cannot be {value!r:.60}")


def check_tensors(
    found: Mapping[str, tuple[Sequence[int], bool]], expected: Mapping[str, Tensor]
) -> None:
    """Compare tensors, name → shape and whether they hold fractions, with those of a network.

    Raises:
        ValueError: if they differ.
    """
    missing, extra = expected.keys() - found.keys(), found.keys() - expected.keys()
    if missing or extra:
        raise ValueError(f"missing {sorted(missing)[:3]}, unexpected {sorted(extra)[:3]}")
    for name, (shape, fractions) in found.items():
        if tuple(shape) != tuple(expected[name].shape):
            wanted = tuple(expected[name].shape)
            raise ValueError(f"{name} has the shape {tuple(shape)}, not {wanted}")
        if fractions != expected[name].is_floating_point():
            raise ValueError(f"{name} holds numbers of another type")


def _fits(value: Any, annotation: Any) -> bool:
    """Return whether a value of JSON is of a type; types that JSON does not have take any."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return isinstance(value, str | int) and value in arguments
    if origin in (Union, UnionType):
        return any(_fits(value, argument) for argument in arguments)
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return isinstance(value, list | tuple) and all(_fits(v, arguments[0]) for v in value)
    if annotation in (bool, int, str, NoneType):
        return type(value) is annotation
    return type(value) in (int, float) if annotation is float else True


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and all(type(n) is int and 0 < n <= 2**31 for n in value)
