"""Which side a photograph is on, rainy or clean: by marks that a user gives or that are found.

A mark is a folder (``LR``, ``train/LR``), a word in the names (``lq``), :data:`REST` for all files
without another mark, or :data:`LONGER` for names that go on after the name of another file.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ssid.data.sources.keys import SLASH, Key, cut, path_key, tokens
from ssid.data.sources.listing import Photograph, RefusedFile
from ssid.data.sources.matching import Keyed, Pair, match
from ssid.errors import UserError

REST = "*"
"""The mark of all files without another mark."""
LONGER = "NAME_*"
"""The mark of names that go on after the name of another file."""

_SHOWN = 10


class Sides(NamedTuple):
    """The marks of both sides."""

    rainy: tuple[str, ...]
    clean: tuple[str, ...]

    def swapped(self) -> "Sides":
        """Return the same marks the other way round."""
        return Sides(self.clean, self.rainy)

    def flags(self) -> str:
        """Return the options that say so on the command line."""
        said = [f"--rainy {_quoted(m)}" for m in self.rainy]
        return " ".join(said + [f"--clean {_quoted(m)}" for m in self.clean])


class _Found(NamedTuple):
    """How well a mark fits a file, best last, and what is left of the name."""

    rank: int
    depth: int
    key: Key


def divide(
    photographs: Sequence[Photograph], sides: Sides
) -> tuple[list[Keyed], list[Keyed], list[RefusedFile]]:
    """Return the photographs of the rainy side, those of the clean side, and all others.

    A folder decides before a word, the folder nearest to the file before those above it, and
    any mark before :data:`REST`.
    """
    rainy: list[Keyed] = []
    clean: list[Keyed] = []
    others: list[RefusedFile] = []
    longer = _longer(photographs) if LONGER in sides.rainy + sides.clean else set()
    for photograph in photographs:
        wet, dry = (_best(photograph.name, marks, longer) for marks in sides)
        if wet is None and dry is None:
            reason = "it is neither on the rainy nor on the clean side"
            others.append(RefusedFile(photograph.name, reason))
        elif dry is None or (wet is not None and wet[:2] > dry[:2]):
            assert wet is not None
            rainy.append(Keyed(photograph, wet.key))
        else:
            clean.append(Keyed(photograph, dry.key))
    return rainy, clean, others


def pair_by_sides(
    photographs: Sequence[Photograph], sides: Sides
) -> tuple[list[Pair], list[RefusedFile]]:
    """Pair the photographs of two sides; each one ends in a pair or is refused with a reason.

    Raises:
        UserError: No photograph is on one of the sides.
    """
    rainy, clean, others = divide(photographs, sides)
    for side, found in (("rainy", rainy), ("clean", clean)):
        if photographs and not found:
            marks = " or ".join(map(repr, getattr(sides, side)))
            raise UserError(
                f"{side}: no folder, and no word in a name, is {marks}.{_folders(photographs)}"
            )
    pairs, refused = match(rainy, clean)
    return pairs, refused + others


def _folders(photographs: Sequence[Photograph]) -> str:
    """Return which folders there are, for a message."""
    parents = dict.fromkeys(SLASH.join(file.name.split(SLASH)[:-1]) for file in photographs)
    folders = [folder for folder in parents if folder]
    more = ", …" if len(folders) > _SHOWN else ""
    return f" Folders: {', '.join(folders[:_SHOWN])}{more}." if folders else ""


def _best(name: str, marks: Iterable[str], longer: set[str]) -> _Found | None:
    found = [_fit(name, mark, longer) for mark in marks]
    return max((fit for fit in found if fit is not None), default=None)


def _fit(name: str, mark: str, longer: set[str]) -> _Found | None:
    if mark == REST:
        return _Found(0, 0, path_key(name))
    if mark == LONGER:
        return _Found(1, 0, path_key(name)) if name in longer else None
    path, parts = name.split(SLASH), mark.strip(SLASH).split(SLASH)
    for start in range(len(path) - 1 - len(parts), -1, -1):
        if path[start : start + len(parts)] == parts:
            left = SLASH.join(path[:start] + path[start + len(parts) :])
            return _Found(2, start + len(parts), path_key(left))
    key = cut(path_key(name), tokens(mark)) if tokens(mark) else None
    return None if key is None else _Found(1, len(tokens(mark)), key)


def _longer(photographs: Iterable[Photograph]) -> set[str]:
    """Return the names that go on after the whole name of another photograph."""
    keys = {photograph.name: path_key(photograph.name) for photograph in photographs}
    known = set(keys.values())
    return {name for name, key in keys.items() if any(key[:n] in known for n in range(1, len(key)))}


def _quoted(mark: str) -> str:
    return mark if mark.replace("_", "a").replace("/", "a").isalnum() else f"'{mark}'"
