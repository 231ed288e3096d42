"""Find the two sides of a set of pairs by what its names have in common, without a dictionary."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import PurePosixPath
from typing import NamedTuple

from ssid.data.sources.keys import Key, is_number, path_key, shape
from ssid.data.sources.listing import Photograph
from ssid.data.sources.matching import Keyed, Pair, match
from ssid.data.sources.sides import LONGER, REST, Sides, divide

_MOST_MARKS = 12  # of one kind that may be sides; more folders than that are scenes
_LEAST_SHARE = 0.5  # of the pictures of one side that must find partners on the other
_FEWEST_FOLDERS = 2
_RARE = 0.05  # share of the files that a word has to be in, to tell a side


class Relation(NamedTuple):
    """Two marks whose pictures belong together by their names; which is rainy is not known."""

    first: str
    second: str
    pairs: list[Pair]  # as if the first side were the rainy one

    def sides(self, first_is_rainy: bool) -> Sides:
        """Return the marks of both sides."""
        sides = Sides((self.first,), (self.second,))
        return sides if first_is_rainy else sides.swapped()


class Structure(NamedTuple):
    """Marks of one kind, and which of them belong together.

    Attributes:
        relations: between the marks, those with most pairs first.
        counts: photographs by mark.
        covered: number of photographs that are part of a pair.
    """

    relations: list[Relation]
    counts: dict[str, int]
    covered: int


def structures(photographs: Sequence[Photograph]) -> list[Structure]:
    """Return the ways in which the names of photographs divide into sides, the best first.

    Sides are folders of one depth (``LR`` and ``HR``, also below ``train`` and ``test``), words in
    the names (``trainA`` and ``trainB``, ``1_w`` and ``1_d``, ``1_rain`` and ``1``), names that go
    on after others (``im_1_s80`` and ``im_1``), or one name in every folder (``gt`` in
    ``scene1/gt``, ``scene1/001``). Nothing is opened.
    """
    found = []
    for last, candidates in enumerate((_candidates(photographs), _one_folder(photographs))):
        for marks in dict.fromkeys(candidates):
            structure = _related(photographs, marks)
            if structure.relations:
                found.append(((-structure.covered, last, len(marks)), structure))
    return [structure for _, structure in sorted(found, key=lambda scored: scored[0])]


def _candidates(photographs: Sequence[Photograph]) -> Iterator[tuple[str, ...]]:
    for names in _folders(photographs):
        yield tuple(sorted(names))
    yield from _words(photographs)
    yield from _recurring(photographs)
    yield (LONGER, REST)


def _one_folder(photographs: Sequence[Photograph]) -> Iterator[tuple[str, ...]]:
    """Yield each of more than two folders against the rest."""
    for names in _folders(photographs):
        if len(names) > 2:
            yield from ((name, REST) for name in sorted(names - {REST}))


def _related(photographs: Sequence[Photograph], marks: Sequence[str]) -> Structure:
    """Relate each two marks whose pictures find partners among each other."""
    if len(marks) == 2:
        first, second, _ = divide(photographs, Sides((marks[0],), (marks[1],)))
        sides: Mapping[str, list[Keyed]] = dict(zip(marks, (first, second), strict=True))
    else:
        sides = {mark: _of_mark(photographs, mark, marks) for mark in marks}
    relations, covered = [], set()
    for first_mark, second_mark in combinations(marks, 2):
        if pairs := _pairs(sides[first_mark], sides[second_mark]):
            relations.append(Relation(first_mark, second_mark, pairs))
            covered |= {file.name for pair in pairs for file in (pair.rainy, pair.clean)}
    relations.sort(key=lambda relation: -len(relation.pairs))
    return Structure(relations, {m: len(s) for m, s in sides.items()}, len(covered))


def _of_mark(photographs: Sequence[Photograph], mark: str, marks: Sequence[str]) -> list[Keyed]:
    others = tuple(other for other in marks if other != mark)
    return divide(photographs, Sides((mark,), others))[0]


def _pairs(first: Sequence[Keyed], second: Sequence[Keyed]) -> list[Pair]:
    """Pair two sides in the order that pairs more; nothing where most have no partner."""
    forwards, _ = match(first, second)
    backwards, _ = match(second, first)
    pairs = forwards
    if len(backwards) > len(forwards):
        pairs = [Pair(pair.clean, pair.rainy) for pair in backwards]
    shares = (
        len({pair.rainy.name for pair in pairs}) / max(len(first), 1),
        len({pair.clean.name for pair in pairs}) / max(len(second), 1),
    )
    return pairs if max(shares) >= _LEAST_SHARE else []


def _folders(photographs: Sequence[Photograph]) -> Iterator[set[str]]:
    """Yield the names of the folders of each depth, the deepest first, if they are few."""
    paths = [PurePosixPath(photograph.name).parts[:-1] for photograph in photographs]
    for depth in reversed(range(max(map(len, paths), default=0))):
        names = {path[depth] if len(path) > depth else REST for path in paths}
        if 1 < len(names) <= _MOST_MARKS:
            yield names


def _words(photographs: Sequence[Photograph]) -> Iterator[tuple[str, ...]]:
    """Yield words that stand for one another in names that are equal otherwise."""
    keys = [path_key(photograph.name) for photograph in photographs]
    known = set(keys)
    swaps: Counter[tuple[str, str]] = Counter()
    rest: dict[int, set[str]] = defaultdict(set)
    for key in keys:
        for i, token in enumerate(key):
            if not is_number(token) and token.isalpha():
                without = key[:i] + key[i + 1 :]
                rest[hash((i, without))].add(token)
                swaps[token, REST] += without in known
    for words in rest.values():
        if 1 < len(words) <= _MOST_MARKS:
            swaps.update(combinations(sorted(words), 2))
    yield from _connected(swaps, len(keys))
    yield from _frequent(keys)


def _frequent(keys: Sequence[Key]) -> Iterator[tuple[str, ...]]:
    """Yield words that many names have, and two that divide the names between them."""
    having: dict[str, set[int]] = defaultdict(set)
    for i, key in enumerate(keys):
        for token in key:
            if not is_number(token) and token.isalpha():
                having[token].add(i)
    often = {
        word: files for word, files in having.items() if _RARE * len(keys) <= len(files) < len(keys)
    }
    words = sorted(often, key=lambda word: (-len(often[word]), word))[:_MOST_MARKS]
    for first, second in combinations(words, 2):
        together = often[first] | often[second]
        if not often[first] & often[second] and 2 * len(together) > len(keys):
            yield first, second
    yield from ((word, REST) for word in words)


def _connected(swaps: Counter[tuple[str, str]], files: int) -> Iterator[tuple[str, ...]]:
    """Yield words that are swapped in many files, and groups of words that such swaps connect."""
    often = [pair for pair, count in swaps.most_common() if count >= max(1, _RARE * files)]
    if len(often) <= _MOST_MARKS:
        yield from often[:_MOST_MARKS]
    groups: list[set[str]] = []
    for pair in often:
        if REST in pair:
            continue
        touching = [group for group in groups if group & set(pair)]
        groups = [group for group in groups if group not in touching]
        groups.append(set(pair).union(*touching))
    for group in groups:
        if 2 < len(group) <= _MOST_MARKS:
            yield tuple(sorted(group))


def _recurring(photographs: Sequence[Photograph]) -> Iterator[tuple[str, ...]]:
    """Yield names that occur once in nearly every folder, beside pictures of other names."""
    shapes: dict[PurePosixPath, Counter[Key]] = defaultdict(Counter)
    for photograph in photographs:
        path = PurePosixPath(photograph.name)
        shapes[path.parent][shape(path_key(path.name))] += 1
    if len(shapes) < _FEWEST_FOLDERS:
        return
    single = Counter(
        name
        for names in shapes.values()
        for name, count in names.items()
        if count == 1 and "#" not in name and len(names) > 1
    )
    for name, count in single.most_common(3):
        if count >= max(_FEWEST_FOLDERS, len(shapes) // 2):
            yield ("_".join(name), REST)
