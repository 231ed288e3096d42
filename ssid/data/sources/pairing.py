"""Pair the photographs of a root by the words that published releases use for their two sides."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from ssid.data.sources.keys import strip_zeros, tokens, trimmed
from ssid.data.sources.listing import Photograph, RefusedFile
from ssid.data.sources.matching import Keyed, Pair, match
from ssid.data.sources.words import Side

RAINY_FOLDERS = (
    *("rainy", "rain", "input", "inputs", "in", "data", "lq", "rainy_image", "degraded"),
    *("raindrop", "rainstreak", "rainstreak_raindrop"),
)
CLEAN_FOLDERS = (
    *("clean", "norain", "no_rain", "no-rain", "target", "targets", "gt", "label", "clear"),
    *("groundtruth", "ground_truth", "ground-truth", "hq"),
)

_SIDE_OF_FOLDER: dict[str, Side] = {
    **dict.fromkeys(RAINY_FOLDERS, "rainy"),
    **dict.fromkeys(CLEAN_FOLDERS, "clean"),
}
_SIDE_OF_WORD: dict[str, Side] = {
    **dict.fromkeys(("rain", "rainy", "input", "in", "r", "rd", "rd-rain"), "rainy"),
    **dict.fromkeys(("norain", "no_rain", "no-rain", "no rain"), "clean"),
    **dict.fromkeys(("clean", "gt", "target", "c"), "clean"),
}
_WORDS = "no[-_ ]?rain|rainy|rain|input|in|clean|gt|target"
_LEADING = re.compile(rf"(?:^|(?<=^pie-))(rd-rain|rd|{_WORDS})[-_ ](?=.)")  # pie: RainDS
_TRAILING = re.compile(rf"(?<=.)(?:[-_ ]({_WORDS})|(?<=[0-9])(gt))$")  # 000gt: SPA-Data
_FRAME = re.compile(r"[-_]([rc])[-_]([0-9]+)$")  # GT-RAIN: SCENE-Webcam-R-012, SCENE-Webcam-C-000
_DOUBLE = re.compile(r"(?<=[0-9])x2$")  # Rain100/200 in rain/X2: norain-1x2
_NUMBER = re.compile(r"(?<=.)[-_]([0-9]+)$")


@dataclass(frozen=True)
class Name:
    """What a name says: the scene, its number among the pictures of the scene, and its side.

    ``number`` is empty where the name has none. ``side`` is what the name itself says, if anything.
    ``word`` is what says it. ``frame`` marks GT-RAIN's names, whose clean frame 000 stands for all
    of its scene.
    """

    scene: str
    number: str
    side: Side | None
    word: str = ""
    frame: bool = False


class Located(NamedTuple):
    """The side of a photograph, the folder or word that tells it, and what else its name says."""

    side: Side | None
    told_by: str
    keyed: Keyed


def parse_name(stem: str) -> Name:
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
        side = _SIDE_OF_WORD[frame[1]]
        return Name(scene, strip_zeros(frame[2]), side, frame[1], frame=True)
    word = _LEADING.search(name) or _TRAILING.search(name)
    said = word[word.lastindex or 1] if word else ""
    if word:
        name = name[: word.start()] + name[word.end() :]
    number = _NUMBER.search(name)
    scene = _plain(name[: number.start()] if number else name)
    return Name(scene, strip_zeros(number[1]) if number else "", _SIDE_OF_WORD.get(said), said)


def pair_by_name(photographs: Iterable[Photograph]) -> tuple[list[Pair], list[RefusedFile]]:
    """Pair the photographs of a root; each one ends in a pair or is refused with a reason.

    The side of a photograph is that of the nearest folder above it that has a side's name
    (``RAINY_FOLDERS``, ``CLEAN_FOLDERS``; ``a1_Rain`` and ``a1_GT`` for the frames of a video),
    else what its own name says. What belongs together is decided by
    :func:`ssid.data.sources.matching.match`.
    """
    located = [locate(photograph) for photograph in photographs]
    rainy, clean = ([f.keyed for f in located if f.side == side] for side in ("rainy", "clean"))
    pairs, refused = match(rainy, clean)
    reason = "neither its folder nor its name says whether it is rainy or clean"
    others = [found.keyed.photograph.name for found in located if found.side is None]
    return pairs, refused + [RefusedFile(name, reason) for name in others]


def locate(photograph: Photograph) -> Located:
    """Return the side of a photograph by the words of its path, and the key that is left."""
    path = PurePosixPath(photograph.name)
    name = parse_name(path.stem)
    folders = [part for part in path.parts[:-1] if part.casefold() != "x2"]
    for i in reversed(range(len(folders))):
        folder = folders[i].casefold()
        if side := _SIDE_OF_FOLDER.get(folder):
            rest = [*folders[:i], *folders[i + 1 :]]
            return Located(side, folders[i], _keyed(photograph, rest, name, side))
        if word := _TRAILING.search(folder):
            side = _SIDE_OF_WORD[word[word.lastindex or 1]]
            rest = [*folders[:i], folder[: word.start()], *folders[i + 1 :]]
            return Located(side, word[0].strip("-_ "), _keyed(photograph, rest, name, side))
    return Located(name.side, name.word, _keyed(photograph, folders, name, name.side))


def _keyed(photograph: Photograph, folders: list[str], name: Name, side: Side | None) -> Keyed:
    scene = tokens("/".join([*folders, name.scene]))
    key = trimmed((*scene, name.number) if name.number else scene)
    stands_for_all = name.frame and side == "clean" and name.number == "0"
    return Keyed(photograph, key, trimmed(scene) if stands_for_all else None)


def _plain(text: str) -> str:
    return re.sub(r"[0-9]+", lambda digits: strip_zeros(digits[0]), text)
