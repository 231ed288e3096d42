"""Which rainy photograph belongs to which clean one, by the names that releases give them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from ssid.data.sources.listing import Photograph, RefusedFile, strip_zeros

Side = Literal["rainy", "clean"]

RAINY_FOLDERS = (
    *("rainy", "rain", "input", "inputs", "data", "lq", "rainy_image"),
    *("raindrop", "rainstreak", "rainstreak_raindrop"),
)
CLEAN_FOLDERS = (
    *("clean", "norain", "target", "targets", "gt", "label"),
    *("groundtruth", "ground_truth", "ground-truth", "hq"),
)

_SIDE_OF_FOLDER: dict[str, Side] = {
    **dict.fromkeys(RAINY_FOLDERS, "rainy"),
    **dict.fromkeys(CLEAN_FOLDERS, "clean"),
}
_SIDE_OF_WORD: dict[str, Side] = {
    **dict.fromkeys(("rain", "rainy", "input", "in", "r", "rd", "rd-rain"), "rainy"),
    **dict.fromkeys(("norain", "clean", "gt", "target", "c"), "clean"),
}
_WORDS = "norain|rainy|rain|input|in|clean|gt|target"
_LEADING = re.compile(rf"(?:^|(?<=^pie-))(rd-rain|rd|{_WORDS})[-_ ](?=.)")  # pie: RainDS
_TRAILING = re.compile(rf"(?<=.)(?:[-_ ]({_WORDS})|(?<=[0-9])(gt))$")  # 000gt: SPA-Data
_FRAME = re.compile(r"[-_]([rc])[-_]([0-9]+)$")  # GT-RAIN: SCENE-Webcam-R-012, SCENE-Webcam-C-000
_DOUBLE = re.compile(r"(?<=[0-9])x2$")  # Rain100/200 in rain/X2: norain-1x2
_NUMBER = re.compile(r"(?<=.)[-_]([0-9]+)$")


@dataclass(frozen=True)
class Key:
    """What a name says: the scene, its number among the pictures of the scene, and its side.

    ``number`` is empty where the name has none. ``side`` is what the name itself says, if anything.
    ``frame`` marks GT-RAIN's names, whose clean frame 000 stands for all of its scene.
    """

    scene: str
    number: str
    side: Side | None
    frame: bool = False


@dataclass(frozen=True)
class Pair:
    """A rainy photograph and its clean one; a clean one may have many."""

    rainy: Photograph
    clean: Photograph


def parse_name(stem: str) -> Key:
    """Read a file name without suffix, by the conventions of the published releases.

    ``rain-001`` and ``norain-001``, ``norain-1x2`` (Rain100, Rain200), ``7_rain`` and ``7_clean``
    (RainDrop), ``1_3`` of ``1`` (Rain1400), ``S-Webcam-R-012`` of ``S-Webcam-C-000`` (GT-RAIN),
    ``001_in`` and ``001_GT`` (Rain12), ``pie-rd-rain-1`` and ``pie-norain-1`` (RainDS), ``7`` and
    ``7gt`` (SPA-Data).
    Leading zeros of numbers do not count, so ``rain-10`` is never ``norain-1``.
    """
    name = _DOUBLE.sub("", stem.casefold())
    if frame := _FRAME.search(name):
        scene = _plain(name[: frame.start()])
        return Key(scene, strip_zeros(frame[2]), _SIDE_OF_WORD[frame[1]], frame=True)
    word = _LEADING.search(name) or _TRAILING.search(name)
    side = _SIDE_OF_WORD[word[word.lastindex or 1]] if word else None
    if word:
        name = name[: word.start()] + name[word.end() :]
    number = _NUMBER.search(name)
    scene = _plain(name[: number.start()] if number else name)
    return Key(scene, strip_zeros(number[1]) if number else "", side)


def pair_by_name(
    photographs: Iterable[Photograph],
) -> tuple[list[Pair], list[RefusedFile]]:
    """Pair the photographs of a root; each one ends in a pair or is refused with a reason.

    The side of a photograph is that of the nearest folder above it that has a side's name
    (``RAINY_FOLDERS``, ``CLEAN_FOLDERS``; ``a1_Rain`` and ``a1_GT`` for the frames of a video),
    else what its own name says. The rest of its folders
    must agree between both sides. A missing partner is never guessed.
    """
    rainy: list[tuple[Photograph, str, Key]] = []
    clean: dict[tuple[str, str], dict[str, list[Photograph]]] = defaultdict(dict)
    refused = []
    for photograph in photographs:
        side, folder, key = _locate(photograph)
        if side == "rainy":
            rainy.append((photograph, folder, key))
        elif side == "clean":
            clean[folder, key.scene].setdefault(key.number, []).append(photograph)
        else:
            reason = "neither its folder nor its name says whether it is rainy or clean"
            refused.append(RefusedFile(photograph.name, reason))
    pairs = []
    for photograph, folder, key in rainy:
        partners = _partners(clean.get((folder, key.scene), {}), photograph, key)
        if len(partners) == 1:
            pairs.append(Pair(photograph, partners[0]))
        else:
            refused.append(RefusedFile(photograph.name, _no_partner(partners)))
    return pairs, refused + _unpaired(clean.values(), pairs)


def _locate(photograph: Photograph) -> tuple[Side | None, str, Key]:
    """Return side, folders besides the one that names the side, and key of a photograph."""
    path = PurePosixPath(photograph.name)
    key = parse_name(path.stem)
    folders = [part.casefold() for part in path.parts[:-1] if part.casefold() != "x2"]
    for i in reversed(range(len(folders))):
        if side := _SIDE_OF_FOLDER.get(folders[i]):
            return side, "/".join(folders[:i] + folders[i + 1 :]), key
        if word := _TRAILING.search(folders[i]):
            rest = [*folders[:i], folders[i][: word.start()], *folders[i + 1 :]]
            return _SIDE_OF_WORD[word[word.lastindex or 1]], "/".join(rest), key
    return key.side, "/".join(folders), key


def _partners(
    scene: dict[str, list[Photograph]], photograph: Photograph, key: Key
) -> list[Photograph]:
    """Return the clean photographs of ``scene`` that may belong to a rainy one; one is a match.

    Equal names match, then equal numbers. Otherwise many rainy pictures share a clean one only
    where it is the single clean picture of its scene and bears no number (``1``; ``C-000``).
    """
    equal = scene.get(key.number, [])
    if equal:
        stem = PurePosixPath(photograph.name).stem
        return [clean for clean in equal if PurePosixPath(clean.name).stem == stem] or equal
    unnumbered = scene.get("0" if key.frame else "", [])
    return unnumbered if len(scene) == 1 and key.number else []


def _no_partner(partners: Sequence[Photograph]) -> str:
    if partners:
        names = ", ".join(partner.name for partner in partners)
        return f"more than one clean image may be its partner: {names}"
    return "no clean image has its name or number"


def _unpaired(
    clean: Iterable[dict[str, list[Photograph]]], pairs: Sequence[Pair]
) -> list[RefusedFile]:
    used = {pair.clean.name for pair in pairs}
    return [
        RefusedFile(photograph.name, "no rainy image has its name or number")
        for scene in clean
        for photographs in scene.values()
        for photograph in photographs
        if photograph.name not in used
    ]


def _plain(text: str) -> str:
    return re.sub(r"[0-9]+", lambda digits: strip_zeros(digits[0]), text)
