"""How a term of the objective is declared, and how its options are checked."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from pydantic import ConfigDict, TypeAdapter, ValidationError
from torch import Tensor, nn

from ssid.errors import InvalidValueError, UnknownNameError
from ssid.models import Derainer
from ssid.objective.scene import DOMAINS, Domain, View
from ssid.registry import Registry

Kind = Literal["loss", "distillation", "alignment"]


class Setup(NamedTuple):
    """The networks that a term's own part (regressor, frozen trunk, average) is made for."""

    student: Derainer
    teacher: Derainer | None


@dataclass(frozen=True)
class TermEntry:
    """A registered term.

    Attributes:
        value: function of a scene, the part if there is one, and options; returns a scalar.
        kind: loss (images), distillation (teacher's features) or alignment (unpaired real rain).
        student: views that the student has to see.
        teacher: views that the teacher has to see.
        images: views of which the term reads the pictures themselves.
        part: builds the module that belongs to the term, or None.
        choices: registries of functions that an option of the same name chooses from, such as
            ``distance``; the keyword options of the chosen function are options of the term, too.
        saved: flag: the part changes during training and belongs into checkpoints.
        fits: function that raises ``ValueError`` if the term cannot use this student, saying which
            do.
    """

    value: Callable[..., Tensor]
    kind: Kind
    student: frozenset[View]
    teacher: frozenset[View]
    images: frozenset[View]
    part: Callable[..., nn.Module] | None
    saved: bool
    fits: Callable[[Derainer], None] | None
    choices: Mapping[str, Registry[Callable[..., Any]]]

    @property
    def views(self) -> frozenset[View]:
        """Return every view that the term touches."""
        return self.student | self.teacher | self.images

    def narrowed(self, options: Mapping[str, Any]) -> "TermEntry":
        """Return the entry without the student's views that its option ``on`` leaves out."""
        on = self.value_options(options).get("on")
        if on is None:
            return self
        chosen: Domain = options.get("on", on.default)
        return replace(self, student=self.student & frozenset(DOMAINS[chosen]))

    def value_options(self, given: Mapping[str, Any]) -> dict[str, inspect.Parameter]:
        """Return the keyword options of the term's function, and of those that ``given`` choose."""
        options = _keywords(self.value)
        for option, registry in self.choices.items():
            chosen = given.get(option, options[option].default)
            if chosen in registry:
                options |= _keywords(registry[chosen])
        return options

    def part_options(self) -> dict[str, inspect.Parameter]:
        """Return the keyword options that build the term's part."""
        return _keywords(self.part) if self.part else {}


TERMS: Registry[TermEntry] = Registry("term")


def term(
    name: str,
    *,
    kind: Kind,
    student: Iterable[View],
    teacher: Iterable[View] = (),
    images: Iterable[View] = (),
    part: Callable[..., nn.Module] | None = None,
    saved: bool = False,
    fits: Callable[[Derainer], None] | None = None,
    choices: Mapping[str, Registry[Callable[..., Any]]] = MappingProxyType({}),
) -> Callable[[Callable[..., Tensor]], Callable[..., Tensor]]:
    """Return a decorator that registers a function of a scene as a term; see :class:`TermEntry`."""

    def decorate(value: Callable[..., Tensor]) -> Callable[..., Tensor]:
        views = frozenset(student), frozenset(teacher), frozenset(images)
        TERMS.add(name, TermEntry(value, kind, *views, part, saved, fits, choices))
        return value

    return decorate


def check_term(name: str, options: dict[str, Any]) -> None:
    """Raise a :class:`~ssid.errors.UserError` for unknown names and impossible values."""
    entry = TERMS[name]
    allowed = entry.value_options(options) | entry.part_options()
    for option, value in options.items():
        if option not in allowed:
            known = ["weight", "start", *sorted(allowed)]
            raise UnknownNameError("option", option, known, f"term {name!r}")
        _check_value(name, allowed[option], value)


def _check_value(name: str, option: inspect.Parameter, value: Any) -> None:
    config = ConfigDict(strict=True, arbitrary_types_allowed=True)
    try:
        TypeAdapter(option.annotation, config=config).validate_python(value)
    except ValidationError as error:
        detail = error.errors()[0]["msg"]
        raise InvalidValueError(
            f"term {name!r}, option {option.name!r}: found {value!r}. {detail}."
        ) from error


def _keywords(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}
