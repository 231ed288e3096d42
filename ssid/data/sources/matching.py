"""Which rainy picture belongs to which clean one: by the longest key that both names share."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from ssid.data.sources.keys import SLASH, Key, folder_of, is_number, shape
from ssid.data.sources.listing import Photograph, RefusedFile

_SPLITS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "eval"})


@dataclass(frozen=True)
class Pair:
    """A rainy photograph and its clean one; a clean one may have many."""

    rainy: Photograph
    clean: Photograph


@dataclass(frozen=True)
class Keyed:
    """A photograph of one side, and what its name says besides the side.

    Attributes:
        photograph: the file.
        key: tokens of its path without those that tell the side.
        whole: tokens that it stands for where it is the only clean picture of them, if any.
    """

    photograph: Photograph
    key: Key
    whole: Key | None = None


Partners = dict[str, list[Photograph]]


def match(rainy: Sequence[Keyed], clean: Sequence[Keyed]) -> tuple[list[Pair], list[RefusedFile]]:
    """Pair both sides; each photograph ends in a pair or is refused with a reason.

    A rainy key goes on after that of its clean picture, or equals it: ``im_1_s80`` belongs to
    ``im_1``, and to nothing where there is ``im_1_s90``, too, or no ``im_1``. The longest key
    counts. Where that pairs less than half of the rainy pictures, words that all names of a side
    begin or end with are left out, and then words before the key. A missing partner is never
    guessed.
    """
    clean = _for_folders(rainy, _standing_for_all(clean))
    best: Partners = {}
    for reading in (_as_it_is, _without_constants, _backwards):
        found = reading(rainy, clean)
        if _paired(found) > _paired(best) or not best:
            best = found
        if 2 * _paired(best) >= len(rainy):
            break
    pairs = [
        Pair(wet.photograph, best[wet.photograph.name][0])
        for wet in rainy
        if len(best.get(wet.photograph.name, ())) == 1
    ]
    matched = {pair.rainy.name for pair in pairs}
    used = {pair.clean.name for pair in pairs}
    refused = [
        RefusedFile(wet.photograph.name, _no_partner(best.get(wet.photograph.name, [])))
        for wet in rainy
        if wet.photograph.name not in matched
    ]
    return pairs, refused + [
        RefusedFile(dry.photograph.name, "no rainy image has its name or number")
        for dry in clean
        if dry.photograph.name not in used
    ]


def _paired(partners: Partners) -> int:
    return sum(len(found) == 1 for found in partners.values())


def _as_it_is(rainy: Sequence[Keyed], clean: Sequence[Keyed]) -> Partners:
    return _longest(rainy, clean, lambda extra: True)


def _without_constants(rainy: Sequence[Keyed], clean: Sequence[Keyed]) -> Partners:
    return _as_it_is(_stripped(rainy), _stripped(clean))


def _backwards(rainy: Sequence[Keyed], clean: Sequence[Keyed]) -> Partners:
    """Let words precede the key: ``light_0001`` of ``0001``. Numbers would be a scene."""
    wet, dry = ([replace(k, key=k.key[::-1]) for k in side] for side in (rainy, clean))
    return _longest(wet, dry, lambda extra: SLASH not in extra and not any(map(is_number, extra)))


def _longest(
    rainy: Sequence[Keyed], clean: Sequence[Keyed], may_follow: Callable[[Key], bool]
) -> Partners:
    """Return for each rainy photograph the clean ones of the longest key that begins its own."""
    index: dict[Key, list[Photograph]] = defaultdict(list)
    for dry in clean:
        index[dry.key].append(dry.photograph)
    continued = {key[:n] for key in index for n in range(len(key))}
    found: Partners = {}
    for wet in rainy:
        key = wet.key
        n = next((n for n in range(len(key), -1, -1) if key[:n] in index), None)
        if n is None:
            continue
        # Where clean names go on after this one, too, the partner is one of those, and missing.
        if n == len(key) or (key[:n] not in continued and may_follow(key[n:])):
            found[wet.photograph.name] = _same_spelling(wet.photograph, index[key[:n]])
    return found


def _same_spelling(photograph: Photograph, partners: list[Photograph]) -> list[Photograph]:
    stem = PurePosixPath(photograph.name).stem
    equal = [partner for partner in partners if PurePosixPath(partner.name).stem == stem]
    return equal or partners


def _standing_for_all(clean: Sequence[Keyed]) -> list[Keyed]:
    """Let a clean picture stand for its scene where it says so and is the only one."""
    of_scene = Counter(dry.whole if dry.whole is not None else dry.key[:-1] for dry in clean)
    return [
        replace(dry, key=dry.whole) if dry.whole is not None and of_scene[dry.whole] == 1 else dry
        for dry in clean
    ]


def _for_folders(rainy: Sequence[Keyed], clean: Sequence[Keyed]) -> list[Keyed]:
    """Let the only clean picture of a folder stand for the folder, if its own name says nothing.

    That is: it bears no number, and the rainy names of the folder all do, in one shape (``gt`` and
    ``001``); or no folder has more than one clean picture, and the folders have more rainy ones.
    """
    names: dict[Key, set[Key]] = defaultdict(set)
    for wet in rainy:
        names[folder_of(wet.key)].add(wet.key)
    counts = Counter(folder_of(dry.key) for dry in clean)
    everywhere = (
        len(counts) > 1
        and max(counts.values()) == 1
        and all(len(names[folder]) > 1 for folder in counts)
    )
    return [
        replace(dry, key=folder)
        if (folder := folder_of(dry.key))
        and counts[folder] == 1
        and len(names[folder]) > 1
        and (everywhere or _is_word_beside_numbers(dry.key, names[folder]))
        else dry
        for dry in clean
    ]


def _is_word_beside_numbers(key: Key, others: set[Key]) -> bool:
    name = key[len(folder_of(key)) :]
    shapes = {shape(other)[len(folder_of(other)) :] for other in others}
    return not any(map(is_number, name)) and len(shapes) == 1 and "#" in next(iter(shapes))


def _stripped(side: Sequence[Keyed]) -> list[Keyed]:
    """Leave out what all keys of a side begin with, and what they end with."""
    if len(side) < 2:
        return list(side)
    keys = [keyed.key for keyed in side]
    start = _common(keys)
    keys = [key[start:] for key in keys]
    end = _common([key[::-1] for key in keys])
    return [
        replace(keyed, key=key[: len(key) - end]) for keyed, key in zip(side, keys, strict=True)
    ]


def _common(keys: Iterable[Key]) -> int:
    """Return how many words all keys begin with, at least one token being left of each.

    Numbers count as none: without the 1 of 1_3, 1_4 and 1_5 they would belong to 3, 4 and 5. Nor do
    the names of splits: what train lacks is not in test.
    """
    columns = list(zip(*(key[:-1] for key in keys), strict=False))
    tells = (len(set(c)) > 1 or is_number(c[0]) or c[0] in _SPLITS for c in columns)
    return next((i for i, it_tells in enumerate(tells) if it_tells), len(columns))


def _no_partner(partners: Sequence[Photograph]) -> str:
    if partners:
        names = ", ".join(partner.name for partner in partners)
        return f"more than one clean image may be its partner: {names}"
    return "no clean image has its name or number"
