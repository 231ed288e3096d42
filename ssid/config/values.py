"""Which values a parameter file may hold: those that DVC can record and find unchanged."""

import math
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

Location = tuple[str | int, ...]


def unrecordable(value: Any, location: Location = ()) -> Iterator[tuple[Location, str]]:
    """Yield the place and the fault of every value that DVC cannot keep in ``dvc.lock``.

    DVC 3.67 lets a stage run to its end before it fails to record a date, and runs a stage again
    and again because of a number that is not equal to itself.
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if fault := _fault(key):
                yield (*location, str(key)), f"the key is {fault}"
            yield from unrecordable(inner, (*location, str(key)))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from unrecordable(inner, (*location, number))
    elif fault := _fault(value):
        yield location, f"found {fault}"


def _fault(value: Any) -> str | None:
    if isinstance(value, date):
        return f'a date, which DVC cannot record; quote it: "{value.isoformat()}"'
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value}; expected a finite number"
    if not isinstance(value, str | int | float | None):
        return f"a {type(value).__name__}, which DVC cannot record; write a number or text"
    return None
