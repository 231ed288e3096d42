"""Pairs of files: two folders, or two sets of names, or a list."""

from collections.abc import Sequence
from pathlib import Path

from ssid.data.sources.decision import find_sides, is_contrary
from ssid.data.sources.evidence import look
from ssid.data.sources.layouts.registry import (
    LAYOUTS,
    Detected,
    Item,
    Layout,
    Pairing,
    Source,
)
from ssid.data.sources.listing import RefusedFile, list_folder, reasons
from ssid.data.sources.manifests import (
    names_images,
    pair_by_lists,
    pair_by_manifest,
    rainy_first,
    side_columns,
    single_lists,
)
from ssid.data.sources.matching import Pair
from ssid.data.sources.pairing import CLEAN_FOLDERS, RAINY_FOLDERS, pair_by_name
from ssid.data.sources.sides import Sides, pair_by_sides
from ssid.data.sources.tables import LIST_SUFFIXES, read_table
from ssid.errors import UserError

_ADVICE = (
    "Layout pairs expects two folders with equal names, a rainy one"
    f" ({', '.join(RAINY_FOLDERS)}) and a clean one ({', '.join(CLEAN_FOLDERS)}), or"
    " rain-1.png and norain-1.png in one folder; for other names, say which side is rainy with"
    " --rainy FOLDER --clean FOLDER (in params/data.yaml rainy: and clean:)."
)


def list_pairs(source: Source) -> Pairing:
    """Pair as the manifest says, as the sides say, or as the names tell.

    Where the words in the names tell of no sides, their structure and the pictures do, see
    :func:`ssid.data.sources.decision.find_sides`.
    """
    if source.manifest is not None:
        return _listed(*pair_by_manifest(source.root, source.manifest, source.sides))
    if source.sides and _are_lists(source.root, source.sides):
        return _listed(*pair_by_lists(source.root, source.sides))
    if source.root.is_file():
        raise UserError(
            f"root: {source.root} is a list of photographs: write `layout: photographs`. If it"
            f" lists pairs, write `root: {source.root.parent}` and `manifest: {source.root.name}`."
        )
    photographs = source.listing.photographs
    sides = source.sides
    pairs, refused = pair_by_sides(photographs, sides) if sides else pair_by_name(photographs)
    decision = None if pairs or sides else find_sides(photographs)
    if decision is not None and decision.sides:
        pairs, refused = pair_by_sides(photographs, decision.sides)
    refused = source.listing.refused + refused
    files = len(photographs) + len(source.listing.refused)
    return Pairing(_items(pairs), refused, files)


def detect_pairs(source: Source) -> Detected | None:
    """Look for a list of pairs at the top of the folder, then at names and pictures.

    Raises:
        UserError: There are pairs, and it cannot be told which side is rainy; several lists or
            folders may be meant; or only a part of the files pairs.
    """
    if not source.root.is_dir():
        return None
    if listed := _detect_lists(source.root):
        return listed
    photographs = source.listing.photographs
    if decision := find_sides(photographs):
        return Detected("pairs", None, decision.reason, decision.sides)
    return None


def _detect_lists(root: Path) -> Detected | None:
    lists = [file.name for file in sorted(root.iterdir()) if names_images(file, 2)]
    if len(lists) == 1:
        return detect_manifest(root, lists[0])
    if len(lists) > 1:
        raise UserError(
            f"{len(lists)} lists of pairs lie in {root}: {', '.join(lists)}. Say which one with"
            f" --manifest {lists[0]}, and add each as a set of its own."
        )
    return _detect_parallel(root)


def detect_manifest(root: Path, manifest: str) -> Detected:
    """Return how a list of pairs is to be read; where its headings do not tell, by the pictures.

    Raises:
        UserError: Pictures do not tell, either, or contradict the headings.
    """
    table = read_table(root / manifest)
    said = side_columns(table)
    paths = [table.columns[i] for i in table.paths()]
    if said is None and len(paths) != 2:
        raise UserError(
            f"manifest: {manifest} has the columns {', '.join(table.columns) or 'none'}; say which"
            " column is rainy and which clean: --rainy COLUMN --clean COLUMN."
        )
    sides = said or Sides((paths[0],), (paths[1],))
    pairs, refused = pair_by_manifest(root, manifest, sides)
    if not pairs:
        raise UserError(
            f"{manifest} lists {len(table.rows)} pairs, and none of them can be used:\n"
            f"{reasons(refused)}\nThe paths in it should be relative to {root} or to its folder."
        )
    evidence = look((pair.rainy.path, pair.clean.path) for pair in pairs)
    listed = f"{manifest} lists pairs{_left_out(root, pairs)}"
    if said is not None and not is_contrary(evidence):
        return Detected("pairs", manifest, listed)
    if said is not None or evidence.first_is_rainy is None:
        raise UserError(
            f"{manifest} lists pairs, and it is not clear which of {sides.rainy[0]} and"
            f" {sides.clean[0]} is rainy: {evidence} to {sides.rainy[0]}. Look at some, and say"
            f" {sides.flags()}, or {sides.swapped().flags()}."
        )
    sides = sides if evidence.first_is_rainy else sides.swapped()
    reason = f"{listed}; {evidence} to {sides.rainy[0]}"
    return Detected("pairs", manifest, reason, None if sides == rainy_first(table) else sides)


def _left_out(root: Path, pairs: Sequence[Pair]) -> str:
    """Return how many photographs of the folder a list does not name, for a sentence."""
    named = {file.name for pair in pairs for file in (pair.rainy, pair.clean)}
    others = sum(file.name not in named for file in list_folder(root).photographs)
    return f", without {others} other images of the folder" if others else ""


def _detect_parallel(root: Path) -> Detected | None:
    """Two lists of equal length whose lines belong together."""
    lists = list(single_lists(root))
    if len(lists) != 2:
        return None
    sides = Sides((lists[0],), (lists[1],))
    try:
        pairs = pair_by_lists(root, sides).pairs
    except UserError:
        return None
    evidence = look((pair.rainy.path, pair.clean.path) for pair in pairs)
    if not evidence.are_pairs:
        return None
    if evidence.first_is_rainy is None:
        raise UserError(
            f"the lines of {lists[0]} and {lists[1]} show the same scenes, and pictures do not tell"
            f" which are rainy. Say {sides.flags()}, or {sides.swapped().flags()}."
        )
    sides = sides if evidence.first_is_rainy else sides.swapped()
    reason = f"the lines of two lists belong together; {evidence} to {sides.rainy[0]}"
    return Detected("pairs", None, reason, sides)


def _are_lists(root: Path, sides: Sides) -> bool:
    """Return whether the marks are two lists rather than folders or words."""
    files = [root / mark for marks in sides for mark in marks]
    return len(files) == 2 and all(
        file.suffix.lower() in LIST_SUFFIXES and file.is_file() for file in files
    )


def _listed(pairs: list[Pair], refused: list[RefusedFile]) -> Pairing:
    items = _items(pairs)
    used = {file for item in items for file in item.files}
    return Pairing(items, refused, len(used) + len(refused))


def _items(pairs: list[Pair]) -> list[Item]:
    return [Item(pair.rainy.name, pair.rainy, pair.clean) for pair in pairs]


LAYOUTS.add(
    "pairs",
    Layout(
        description="two folders or two sets of names, a rainy and a clean one, or a list of pairs",
        items=list_pairs,
        detect=detect_pairs,
        advice=_ADVICE,
        rank=10,
    ),
)
