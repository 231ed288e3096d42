"""Decide which of the photographs of a root are pairs, and which side of them is rainy.

Words are a prior, pictures decide, and where neither tells, or one contradicts the other, the user
is asked.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ssid.data.sources.evidence import Evidence, look
from ssid.data.sources.listing import Photograph
from ssid.data.sources.matching import Pair
from ssid.data.sources.pairing import locate, pair_by_name
from ssid.data.sources.sides import REST, Sides
from ssid.data.sources.structure import Relation, Structure, structures
from ssid.data.sources.words import said_by
from ssid.errors import UserError

_TRIED = 6  # ways to divide names into sides whose pictures are looked at
_FEWEST_PAIRS = 3
_LEAST_SHARE = 0.1  # of the files; fewer pairs than that are copies by chance


class Decision(NamedTuple):
    """Sides that were found, None where the words in the names tell them; and what tells."""

    sides: Sides | None
    reason: str


class Seen(NamedTuple):
    """Two marks that are related by names, and what their pictures say."""

    relation: Relation
    evidence: Evidence


def find_sides(photographs: Sequence[Photograph]) -> Decision | None:
    """Return the sides of the pairs among ``photographs``; None where there are no pairs.

    Raises:
        UserError: Pictures and words disagree, neither tells the sides, several folders may be
            meant, or only a part of the files pairs.
    """
    pairs, refused = pair_by_name(photographs)
    if pairs and 2 * len(refused) <= len(photographs):
        return _by_words(photographs, pairs)
    unsure = []
    for structure in structures(photographs)[:_TRIED]:
        looked = _looked(structure)
        if confirmed := [each for each in looked if each.evidence.are_pairs]:
            return _by_pictures(structure, confirmed, len(photographs))
        if len(looked) == 1 and looked[0].evidence.may_be_pairs:
            unsure.append((structure, looked[0]))
    if unsure:
        raise UserError(_unsure(*unsure[0]))
    if pairs:
        raise UserError(
            _partly(
                2 * len(pairs),
                len(photographs),
                f"e.g. {pairs[0].rainy.name} and {pairs[0].clean.name}",
            )
        )
    return None


def is_contrary(evidence: Evidence) -> bool:
    """Return whether pictures say that not the first side is rainy, but the second."""
    return evidence.first_is_rainy is False


def look_at(pairs: Iterable[Pair]) -> Evidence:
    """Open a sample of pairs; the rainy pictures come first."""
    return look((pair.rainy.path, pair.clean.path) for pair in pairs)


def _by_words(photographs: Sequence[Photograph], pairs: Sequence[Pair]) -> Decision:
    evidence = look_at(pairs)
    if is_contrary(evidence):
        sides = _marks(photographs)
        raise UserError(
            f"the names say that {' and '.join(sides.rainy)} is rainy, but {evidence} to"
            f" {' and '.join(sides.clean)}. Look at some pairs, and say {sides.flags()} if the"
            f" names are right, or {sides.swapped().flags()} if the pictures are."
        )
    said = f"the names of {len(pairs)} images tell which are pairs"
    if evidence.first_is_rainy:
        said += f", and {evidence}"
    return Decision(None, said)


def _marks(photographs: Sequence[Photograph]) -> Sides:
    """Return the folders and words that tell the sides of photographs."""
    located = [locate(photograph) for photograph in photographs]
    marks = (dict.fromkeys(f.told_by for f in located if f.side == s) for s in ("rainy", "clean"))
    return Sides(*map(tuple, marks))


def _looked(structure: Structure) -> list[Seen]:
    return [Seen(r, look_at(r.pairs)) for r in structure.relations if _enough(r, structure)]


def _enough(relation: Relation, structure: Structure) -> bool:
    files = sum(structure.counts.values())
    return len(relation.pairs) >= min(_FEWEST_PAIRS, _LEAST_SHARE * files)


def _by_pictures(structure: Structure, confirmed: Sequence[Seen], files: int) -> Decision:
    used = {f.name for c in confirmed for p in c.relation.pairs for f in (p.rainy, p.clean)}
    marks = dict.fromkeys(m for c in confirmed for m in (c.relation.first, c.relation.second))
    if len(confirmed) > 1:
        decided = _by_prior(structure, confirmed, list(marks))
    else:
        decided = _oriented(confirmed[0], structure)
    if 2 * len(used) < files:
        sides = decided.sides or confirmed[0].relation.sides(first_is_rainy=True)
        raise UserError(_partly(len(used), files, sides.flags()))
    return decided


def _oriented(confirmed: Seen, structure: Structure) -> Decision:
    """Say which of two sides is rainy: as the pictures say, if the words do not contradict."""
    relation, evidence = confirmed
    first, second = said_by(relation.first), said_by(relation.second)
    prior = (
        _first_has_more(relation) if first == second else (first == "rainy" or second == "clean")
    )
    seen = evidence.first_is_rainy
    if (seen is None and prior is None) or (None not in (seen, prior) and seen != prior):
        names = [_counted(structure, mark) for mark in (relation.first, relation.second)]
        why = f"{evidence} to {_shown(relation, evidence.strength > 0)}"
        if prior is not None and seen is not None:
            why += f", but by the names {_shown(relation, prior)} would be rainy"
        raise UserError(
            f"{names[0]} and {names[1]} show the same scenes, and it is not clear which are rainy:"
            f" {why}. Look at some pairs, and say {relation.sides(True).flags()}, or"
            f" {relation.sides(False).flags()}."
        )
    rainy_first = bool(prior if seen is None else seen)
    told = f"{_shown(relation, rainy_first)} is rainy: "
    told += "the names say so" if seen is None else f"{evidence}"
    return Decision(relation.sides(rainy_first), told)


def _by_prior(structure: Structure, confirmed: Sequence[Seen], marks: Sequence[str]) -> Decision:
    """Take the one clean side of several where words and pictures agree on it, or ask."""
    clean = [mark for mark in marks if said_by(mark) == "clean"]
    rainy = tuple(mark for mark in marks if said_by(mark) == "rainy")
    if len(clean) == 1 and len(rainy) == len(marks) - 1:
        against = [c for c in confirmed if clean[0] in c.relation[:2]]
        wrong = [c for c in against if _says_rainy(c, clean[0])]
        if len(against) == len(rainy) and not wrong:
            return Decision(Sides(rainy, (clean[0],)), f"{clean[0]} is clean: the names say so")
    counts = "\n".join(f"  {_counted(structure, mark)}" for mark in marks)
    example = Sides(
        (rainy or tuple(m for m in marks if m not in clean))[:1], tuple(clean or marks)[-1:]
    )
    raise UserError(
        f"several sides show the same scenes:\n{counts}\nSay which are to be paired, e.g."
        f" {example.flags()}; several rainy ones may share a clean one."
    )


def _unsure(structure: Structure, seen: Seen) -> str:
    relation = seen.relation
    first, second = (_counted(structure, mark) for mark in (relation.first, relation.second))
    return (
        f"{first} and {second} pair by their names, but pictures hardly show that they are of the"
        f" same scenes. If they are, say {relation.sides(True).flags()}, or"
        f" {relation.sides(False).flags()}; if all of them are rainy, say --layout photographs."
    )


def _first_has_more(relation: Relation) -> bool | None:
    """Return whether the first side has several pictures of one scene: those differ by rain."""
    first = len({pair.rainy.name for pair in relation.pairs})
    second = len({pair.clean.name for pair in relation.pairs})
    return None if first == second else first > second


def _says_rainy(confirmed: Seen, mark: str) -> bool:
    first_is_rainy = confirmed.evidence.first_is_rainy
    return first_is_rainy is not None and first_is_rainy == (confirmed.relation.first == mark)


def _shown(relation: Relation, first: bool) -> str:
    mark, other = relation.first, relation.second
    if not first:
        mark, other = other, mark
    return f"what is not {other}" if mark == REST else mark


def _counted(structure: Structure, mark: str) -> str:
    name = "all others" if mark == REST else mark
    return f"{name} ({structure.counts[mark]} images)"


def _partly(used: int, files: int, example: str) -> str:
    return (
        f"only {used} of {files} images belong to pairs ({example}); the others would be lost, or"
        " clean ones among them be taken for real rain. Say which side is which with --rainy FOLDER"
        " --clean FOLDER, or --layout pairs to take those pairs alone, or --layout photographs if"
        " all of them are rainy."
    )
