"""Turns the roles of docstrings, such as ``:func:`derain` ``, into links of the reference.

A role without a full path is looked up where its docstring stands: in the class, then in the
module and what it imports. What is found nowhere fails a strict build.
"""

import re
from typing import Any

from griffe import Extension, NameResolutionError, Object, get_logger

ROLE = re.compile(r":[a-z]+:`(~?)([\w.]+)`")

log = get_logger(__name__)


class Roles(Extension):
    """Rewrites every docstring once it is loaded."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Replace the roles in the docstring of ``obj``."""
        if obj.docstring is not None:
            obj.docstring.value = ROLE.sub(lambda role: _link(role, obj), obj.docstring.value)


def _link(role: re.Match[str], obj: Object) -> str:
    shortened, name = role.groups()
    shown = name.rsplit(".", 1)[-1] if shortened else name
    return f"[`{shown}`][{_full_path(name, obj)}]"


def _full_path(name: str, obj: Object) -> str:
    if name.startswith("ssid."):
        return name
    first, *rest = name.split(".")
    try:
        return ".".join([obj.resolve(first), *rest])
    except NameResolutionError:
        log.warning("%s: the docstring names `%s`, which is not known there", obj.path, name)
        return name
