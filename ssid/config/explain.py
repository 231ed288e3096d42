"""Put what pydantic found wrong into words for the author of a parameter file."""

import json
import re
from collections.abc import Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from ssid.errors import nearest

LONGEST_VALUE = 60


def explain(error: ErrorDetails, schema: type[BaseModel]) -> str:
    """Return ``dotted.key: what is wrong``, in one line."""
    key = dotted(error["loc"])
    problem = explain_value(error)
    if error["type"] == "extra_forbidden":
        allowed = _keys_at(schema, error["loc"][:-1])
        problem = f"unknown key.{nearest(str(error['loc'][-1]), allowed)} {_listed(allowed)}"
    elif error["type"] == "missing":
        problem += _instead(error, _keys_at(schema, error["loc"][:-1]))
    elif error["type"] == "model_type":
        problem = f"found {_shown(error['input'])}; it should be a block of keys."
        problem += f" {_listed(_keys_at(schema, error['loc']))}"
    return f"{key}: {problem}" if key else problem


def explain_value(error: ErrorDetails) -> str:
    """Return what was found and what is allowed, in one line."""
    message = error["msg"]
    if error["type"] == "missing":
        return "this key is missing and has no default"
    if error["type"] == "value_error":
        return message.removeprefix("Value error, ")
    if error["type"] == "literal_error":
        allowed = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        message += f".{nearest(str(error['input']), allowed)}"
    words = re.sub(r"^(Input|String|List|Dictionary) should", "it should", message)
    return f"found {_shown(error['input'])}; {words}"


def _instead(error: ErrorDetails, allowed: Sequence[str]) -> str:
    """Return the key that may have been meant to be a missing one, as options have any name."""
    found = error["input"] if isinstance(error["input"], dict) else {}
    others = [str(key) for key in found if key not in allowed]
    similar = get_close_matches(str(error["loc"][-1]), others, n=1, cutoff=0.5)
    return f"; found {similar[0]!r}, which may be meant" if similar else ""


def dotted(location: Sequence[int | str]) -> str:
    """Return the path of a value as users write it, ``optimizer.lr``."""
    parts = [str(part) for part in location if part != "[key]"]
    return ".".join(part if part.isprintable() else repr(part) for part in parts)


def _listed(keys: Sequence[str]) -> str:
    return f"Allowed here: {', '.join(keys)}."


def _shown(value: Any) -> str:
    """Return ``value`` in the spelling of YAML, shortened."""
    try:
        text = json.dumps(value, default=str, ensure_ascii=False)
    except (TypeError, ValueError):  # keys that JSON does not have
        text = str(value)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + " …"


def _keys_at(schema: Any, location: Sequence[int | str]) -> list[str]:
    """Return the keys that the block at ``location`` may have."""
    for part in location:
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            schema = schema.model_fields[str(part)].annotation
        else:  # dict[name, block]
            schema = get_args(schema)[-1]
        if isinstance(schema, UnionType):  # block | None
            schema = get_args(schema)[0]
    return list(schema.model_fields)
