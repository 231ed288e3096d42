"""Change values inside a YAML text and leave every other character, comments included, alone."""

import io
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode
from ruamel.yaml.representer import SafeRepresenter

from ssid.errors import UserError
from ssid.files import atomic_write

INDENT = "  "


def merge(text: str, changes: dict[str, Any]) -> str:
    """Return ``text`` with each top-level key of ``changes`` set to its value as a whole.

    Keys that ``changes`` does not name stay. Within a named key only what differs is rewritten, so
    comments beside values survive; entries that the new value lacks are removed.

    Raises:
        ValueError: if the text uses anchors or other YAML in a place where a value must change.
    """
    before = _load(text)
    try:
        for key, value in changes.items():
            text = _update(text, (key,), before, value)
        done = _load(text) == before | changes
    except (YAMLError, LookupError):
        done = False
    if not done:
        raise ValueError("the YAML is laid out in a way that cannot be edited in place")
    return text


def insert(text: str, path: tuple[str, ...], value: Any) -> str:
    """Return ``text`` with ``value`` at ``path``, whose last key is new."""
    parent = _find(text, path[:-1])
    if not (isinstance(parent, MappingNode) and parent.value):
        if len(path) == 1:
            return text + _block({path[0]: value}, "")
        return _assign(text, path[:-1], {path[-1]: value})
    end = _last_index(text, parent)
    if parent.flow_style:
        return f"{text[:end]}, {_inline(path[-1])}: {_inline(value)}{text[end:]}"
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    added = _block({path[-1]: value}, " " * parent.value[0][0].start_mark.column)
    return f"{text[:line_end]}\n{added.rstrip()}{text[line_end:] or chr(10)}"


def _update(text: str, path: tuple[str, ...], parent: dict[str, Any], value: Any) -> str:
    """Set ``path``, whose last key may be in ``parent``, and touch only what differs."""
    if path[-1] not in parent:
        return insert(text, path, value)
    current = parent[path[-1]]
    if current == value:
        return text
    if not (isinstance(current, dict) and isinstance(value, dict) and current and value):
        return _assign(text, path, value)
    for key, item in value.items():
        text = _update(text, (*path, key), current, item)
    for key in current.keys() - value.keys():
        text = _remove(text, (*path, key))
    return text


def _assign(text: str, path: tuple[str, ...], value: Any) -> str:
    """Replace the value of a key that exists."""
    key, old = _pair(text, path)
    colon = text.index(":", key.end_mark.index) + 1
    end = _end(text, key, old)
    inside_flow = bool(_find(text, path[:-1]).flow_style)
    if isinstance(value, dict) and value and not inside_flow:
        added = _block(value, " " * key.start_mark.column + INDENT)
        return f"{text[:colon]}\n{added.rstrip()}{text[end:]}"
    start = old.start_mark.index if _is_inline(old) else colon
    return f"{text[:start]}{'' if start > colon else ' '}{_inline(value)}{text[end:]}"


def _remove(text: str, path: tuple[str, ...]) -> str:
    """Remove a key that is not the only one of its mapping."""
    parent = _find(text, path[:-1])
    pairs = parent.value
    index = [key.value for key, _ in pairs].index(path[-1])
    end = _end(text, *pairs[index])
    if not parent.flow_style:
        start = text.rindex("\n", 0, pairs[index][0].start_mark.index)
        line_end = text.find("\n", end)
        return text[:start] + text[line_end if line_end >= 0 else len(text) :]
    if index == 0:
        return text[: pairs[0][0].start_mark.index] + text[pairs[1][0].start_mark.index :]
    return text[: _end(text, *pairs[index - 1])] + text[end:]


def _load(text: str) -> dict[str, Any]:
    return YAML(typ="safe", pure=True).load(text) or {}


def _find(text: str, path: tuple[str, ...]) -> Any:
    node = YAML(pure=True).compose(text)
    for name in path:
        node = {key.value: value for key, value in node.value}[name]
    return node


def _pair(text: str, path: tuple[str, ...]) -> tuple[Any, Any]:
    return {pair[0].value: pair for pair in _find(text, path[:-1]).value}[path[-1]]


def _is_inline(node: Any) -> bool:
    """Whether the marks of the node enclose exactly its text, on the line of its key."""
    empty = node.start_mark.index == node.end_mark.index
    return not empty and (isinstance(node, ScalarNode) or bool(node.flow_style))


def _end(text: str, key: Any, value: Any) -> int:
    """Return the index after the last character of a value, without comments behind it."""
    if _is_inline(value):
        start = value.start_mark.index
        return start + len(text[start : value.end_mark.index].rstrip())
    if not value.value:
        return text.index(":", key.end_mark.index) + 1
    return _last_index(text, value)


def _last_index(text: str, collection: Any) -> int:
    """Return the index after the last item of a collection that is not empty."""
    last = collection.value[-1]
    return _end(text, *last) if isinstance(last, tuple) else _end(text, last, last)


class _Quoting(SafeRepresenter):
    """Quotes texts that begin like a value or a key: bare, they are so inside braces alone."""

    def represent_str(self, data: str) -> ScalarNode:
        style = '"' if data.startswith((":", "?")) else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style)


_Quoting.add_representer(str, _Quoting.represent_str)


def _inline(value: Any) -> str:
    """Return ``value`` as YAML on one line."""
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.Representer = _Quoting
    yaml.default_flow_style = True
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = 10**6
    stream = io.StringIO()
    yaml.dump({0: value}, stream)
    return stream.getvalue().strip().removeprefix("{0: ").removesuffix("}")


def _block(value: dict[str, Any], indent: str) -> str:
    """Return a mapping as indented YAML lines, lists on one line."""
    lines = ""
    for key, item in value.items():
        if isinstance(item, dict) and item:
            lines += f"{indent}{_inline(key)}:\n{_block(item, indent + INDENT)}"
        else:
            lines += f"{indent}{_inline(key)}: {_inline(item)}\n"
    return lines


def write_texts(texts: Mapping[Path, str]) -> None:
    """Write texts to their paths; if one cannot be written, no file changes.

    Raises:
        UserError: if a file cannot be written; says which, and why.
    """
    try:
        with ExitStack() as stack:
            for path, text in texts.items():
                stack.enter_context(atomic_write(path)).write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}. Nothing changed.") from error
