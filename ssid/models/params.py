"""A network in params/: its name and its options."""

import inspect
import json
from typing import Annotated, Any

from pydantic import (
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from ssid.config.base import Params, registered
from ssid.config.explain import explain_value
from ssid.errors import InvalidValueError, UserError
from ssid.models import MODELS, Recipe
from ssid.models.bounded import sketch
from ssid.models.registry import check_options


class ModelParams(Params):
    """A registered network and its options; refused unless it can be built from them."""

    name: Annotated[str, registered(MODELS)]
    options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("options")
    @classmethod
    def _build_the_network(cls, options: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if "name" in info.data:
            try:
                _check_network(info.data["name"], options)
            except UserError as error:
                raise ValueError(str(error)) from error
        return options


def _check_network(name: str, options: dict[str, Any]) -> None:
    """Raise :class:`UserError` unless the network can be built; no memory is used for it."""
    check_options(name, options)
    declared = inspect.signature(MODELS[name].build, eval_str=True).parameters
    for option, value in options.items():
        try:  # as JSON, since YAML has no tuples: a list is right where a tuple is declared
            TypeAdapter(declared[option].annotation).validate_json(
                json.dumps(value, default=str), strict=True
            )
        except ValidationError as error:
            raise InvalidValueError(f"{option}: {explain_value(error.errors()[0])}") from error
        if MODELS[name].build.__module__.startswith("ssid.") and _is_negative(value):
            raise InvalidValueError(f"{option}: found {value}; nothing may be below 0 here")
    try:
        network = sketch(Recipe(name, options))
    except UserError:
        raise
    except ValueError as error:  # such as a width that groups do not divide
        raise InvalidValueError(
            f"model {name!r} cannot be built with {options}: {error}"
        ) from error
    empty = [layer for layer, weights in network.named_parameters() if not weights.numel()]
    if empty:  # PyTorch takes a width of 0, and what lies behind is the same for every picture
        raise InvalidValueError(
            f"model {name!r} cannot be built with {options}: {empty[0]} would have no weights"
        )


def _is_negative(value: Any) -> bool:
    """Return whether a number, or one of a list, is below 0: as a count, Python takes it for 0."""
    numbers = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(number, int | float) and number < 0 for number in numbers)
