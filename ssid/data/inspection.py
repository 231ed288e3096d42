"""Look at a data set before anything is done with it."""

import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ssid.data.fingerprint import first_same
from ssid.data.make import MadeImage, cost_of, make_image
from ssid.data.ordered import in_order
from ssid.data.params import DataSet
from ssid.data.roles import Role
from ssid.data.sources.items import unpacked_items
from ssid.data.sources.listing import Photograph, RefusedFile, printable, reasons
from ssid.data.splits import evenly_spaced
from ssid.errors import UserError
from ssid.files import sha256
from ssid.pictures import Picture
from ssid.progress import tally, track

DARK = 8  # mean level
FLAT = 2.0  # standard deviation of levels
TINY = 96  # pixels a side


@dataclass(frozen=True)
class Findings:
    """What was found in the root of a data set.

    Attributes:
        files: files in all.
        items: images, or pairs of images, that the layout finds by their names.
        opened: images, or pairs, that were decoded and can be used.
        refused: files that cannot be used.
        sizes: (width, height) of what was opened.
        suspicious: files that are used, and why somebody should look at them.
        fingerprints: fingerprints of the photographs that were opened, by name.
    """

    files: int
    items: int
    opened: int
    refused: list[RefusedFile]
    sizes: Counter[tuple[int, int]]
    suspicious: list[RefusedFile]
    fingerprints: dict[str, str]

    def __str__(self) -> str:
        by_pixels = sorted(self.sizes, key=lambda size: size[0] * size[1])
        smallest, largest = (f"{width}×{height}" for width, height in (by_pixels[0], by_pixels[-1]))
        lines = [
            f"{self.files} files, {self.items} images or pairs",
            f"{self.opened} opened: {smallest} to {largest} pixels, {len(self.sizes)} sizes",
        ]
        if self.refused:
            lines += [f"{len(self.refused)} files cannot be used:", reasons(self.refused)]
        if self.suspicious:
            lines += [f"{len(self.suspicious)} files to look at:", reasons(self.suspicious)]
        return "\n".join(lines)


def inspect(role: Role, block: DataSet, at_most: int | None = None) -> Findings:
    """Decode at most ``at_most`` images or pairs of a data set, evenly spaced (None: all).

    What is refused is what :func:`ssid.data.prepare.prepare` would refuse of them. No rain is
    rendered. Files with equal bytes are found among all files of the set.

    Raises:
        UserError: if nothing in the root can be used.
    """
    target: Role = role if block.rain is None else "real"
    plain = block.model_copy(update={"rain": None, "renderings": 1})
    refused: dict[str, str] = {}
    used: set[str] = set()
    odd: list[RefusedFile] = []
    sizes: Counter[tuple[int, int]] = Counter()
    fingerprints: dict[str, str] = {}
    with (
        tempfile.TemporaryDirectory() as scratch,
        unpacked_items(block, Path(scratch) / "archive") as pairing,
    ):
        items = evenly_spaced(pairing.items, at_most)
        made = in_order(
            lambda item: make_image(target, plain, item, 0), items, os.cpu_count() or 1, cost_of
        )
        for image in track(made, len(items), "open images"):
            if not isinstance(image, MadeImage):
                refused |= {file.file: file.reason for file in image}
                continue
            used.update(file.name for file in image.item.files)
            height, width, _ = image.rainy.shape
            sizes[width, height] += 1
            fingerprints.setdefault(image.item.photograph, image.fingerprint)
            odd += [RefusedFile(image.source, reason) for reason in _oddities(image.rainy)]
        odd += _equal_files({file for item in pairing.items for file in item.files})
    if not sizes:
        bad = [RefusedFile(file, reason) for file, reason in refused.items()]
        raise UserError(f"root: {block.root} has no usable image:\n{reasons(bad)}")
    equal = {file.file for file in odd}
    odd += [file for file in _same_photographs(fingerprints) if file.file not in equal]
    return Findings(
        files=pairing.files,
        items=len(pairing.items),
        opened=sizes.total(),
        refused=pairing.refused
        + [RefusedFile(*file) for file in refused.items() if file[0] not in used],
        sizes=sizes,
        suspicious=odd,
        fingerprints=fingerprints,
    )


def unreadable_by_dvc(root: Path) -> list[str]:
    """Return the files below a folder at which DVC stops, where this project goes on.

    They are links that lead nowhere or in a circle, files without permission to read, and names
    that are not UTF-8.
    """
    paths = (Path(folder, name) for folder, _, names in os.walk(root) for name in names)
    shown = tally(paths, f"look for what DVC cannot read in {root}")
    stopping = [path for path in shown if not (os.access(path, os.R_OK) and _is_utf8(path))]
    return sorted(printable(str(path.relative_to(root))) for path in stopping)


def _is_utf8(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _oddities(picture: Picture) -> Iterable[str]:
    if picture.mean() < DARK:
        yield "nearly black"
    elif picture.std() < FLAT:
        yield "nearly of one colour"
    if min(picture.shape[:2]) < TINY:
        yield f"tiny: below {TINY} pixels a side"


def _equal_files(files: Iterable[Photograph]) -> list[RefusedFile]:
    """Return the files whose bytes are those of another that comes before them."""
    by_size: dict[int, list[Photograph]] = defaultdict(list)
    for file in sorted(files, key=lambda file: file.name):
        try:
            by_size[file.path.stat().st_size].append(file)
        except OSError:  # refused, if it was opened
            continue
    repeated = []
    for candidates in by_size.values():
        first: dict[str, str] = {}
        for file in candidates if len(candidates) > 1 else ():
            original = first.setdefault(_sha256(file.path), file.name)
            if original != file.name:
                repeated.append(RefusedFile(file.name, "the same file occurs before"))
    return repeated


def _same_photographs(fingerprints: dict[str, str]) -> list[RefusedFile]:
    first = first_same(list(fingerprints.values()))
    return [
        RefusedFile(name, "the same photograph occurs before")
        for i, name in enumerate(fingerprints)
        if first[i] != i
    ]


def _sha256(path: Path) -> str:
    try:
        return sha256(path)
    except OSError:
        return str(path)
