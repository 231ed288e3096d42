"""What a parameter file may be made of: little of everything, and nothing that grows when read."""

from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    ScalarEvent,
)

from ssid.errors import UserError

LONGEST_FILE = 200_000
LONGEST_VALUE = 2_000
DEEPEST = 20
MOST_ALIASES = 24
"""Values repeated by name; n of them multiply what is read by e^(n/e), some 7,000, at the worst."""


def check_bounds(text: str, path: Path) -> None:
    """Check a YAML text before anything is made of it; ``path`` is for messages.

    Raises:
        UserError: if the text or a value in it is too long, blocks are nested too deeply, or too
            many values are repeated by aliases, which can multiply them without bound.
        YAMLError: if it is not YAML.
    """
    if len(text) > LONGEST_FILE:
        raise UserError(
            f"{path} has {len(text):,} characters; a parameter file has at most {LONGEST_FILE:,}."
        )
    depth = aliases = 0
    for event in _events(text):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        aliases += isinstance(event, AliasEvent)
        if problem := _problem(event, depth, aliases):
            raise UserError(f"{path}:{event.start_mark.line + 1}: {problem}")


def _events(text: str) -> Iterator[Event]:
    yield from YAML(typ="safe", pure=True).parse(text)


def _problem(event: Event, depth: int, aliases: int) -> str | None:
    if depth > DEEPEST:
        return f"blocks are nested more than {DEEPEST} deep."
    if aliases > MOST_ALIASES:
        return f"more than {MOST_ALIASES} aliases (*name); write the values out."
    if isinstance(event, ScalarEvent) and len(event.value) > LONGEST_VALUE:
        found = f"{event.value[:20]}..."
        return f"found {found}, {len(event.value):,} characters; at most {LONGEST_VALUE:,} are."
    return None
