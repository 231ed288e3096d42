"""Look into data sets, and add them to params/data.yaml."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from ssid.config import (
    BenchmarkSet,
    DataParams,
    DataSet,
    Layout,
    Rain,
    RealSet,
    Role,
    SyntheticSet,
    load_params,
)
from ssid.config.data import check_set_name
from ssid.config.edit import merge, write_texts
from ssid.config.explain import explain
from ssid.config.load import parse_yaml, read_text
from ssid.data.images import Refused, read_rgb
from ssid.data.layouts import list_items, reasons
from ssid.data.listing import Photograph, RefusedFile
from ssid.data.splits import evenly_spaced
from ssid.errors import UserError, nearest
from ssid.progress import track

DATA_FILE = Path("params/data.yaml")
SCHEMAS: dict[Role, type[DataSet]] = {
    "synthetic": SyntheticSet,
    "real": RealSet,
    "benchmark": BenchmarkSet,
}
ROLES = tuple(SCHEMAS)


@dataclass(frozen=True)
class Findings:
    """What was found in the root of a data set.

    Attributes:
        files: files in all.
        items: images, or pairs of images, that the layout finds by their names.
        opened: image files that were decoded.
        refused: files that cannot be used.
        smallest: (width, height) of the decoded image with the fewest pixels.
        largest: the same with the most.
    """

    files: int
    items: int
    opened: int
    refused: list[RefusedFile]
    smallest: tuple[int, int]
    largest: tuple[int, int]

    def __str__(self) -> str:
        sizes = f"{self.smallest[0]}×{self.smallest[1]} to {self.largest[0]}×{self.largest[1]}"
        lines = [
            f"{self.files} files, {self.items} images or pairs",
            f"{self.opened} opened: {sizes} pixels",
        ]
        if self.refused:
            lines += [f"{len(self.refused)} files cannot be used:", reasons(self.refused)]
        return "\n".join(lines)


def inspect(block: DataSet, at_most: int | None = None) -> Findings:
    """Look for the images of a data set and decode ``at_most`` of them (None: all).

    Raises:
        UserError: if nothing in the root can be used.
    """
    pairing = list_items(Path(block.root), block.layout, clean=block.rain is not None)
    files = list(dict.fromkeys(file for item in pairing.items for file in item.files))
    sizes, refused = _decode(evenly_spaced(files, at_most))
    if not sizes:
        raise UserError(f"root: {block.root} has no usable image:\n{reasons(refused)}")
    return Findings(
        files=pairing.files,
        items=len(pairing.items),
        opened=len(sizes),
        refused=pairing.refused + refused,
        smallest=min(sizes, key=_pixels),
        largest=max(sizes, key=_pixels),
    )


def detect_layout(root: Path, role: Role) -> Layout:
    """Return ``pairs`` where most names under ``root`` tell rainy from clean, else ``photographs``.

    Real rain needs no pairs, so there every image is taken as it is.
    """
    if role == "real":
        return "photographs"
    try:
        pairing = list_items(root, "pairs")
    except UserError:
        return "photographs"
    return "pairs" if 2 * len(pairing.refused) <= pairing.files else "photographs"


def new_set(
    role: Role, name: str, path: Path, layout: Layout | None = None, rain: Rain | None = None
) -> DataSet:
    """Return the block of a data set that is not yet in the catalogue.

    Args:
        role: what the set is for.
        name: how it will be called.
        path: folder of images, or text list of photographs.
        layout: None to tell it by the names of the files.
        rain: profile to render on clean photographs, or None.

    Raises:
        UserError: if the name is taken or impossible, there is nothing at ``path``, or role, layout
            and rain contradict each other.
    """
    if name in load_params(DATA_FILE, DataParams).sets(role):
        raise UserError(
            f"{DATA_FILE} already has a {role} data set {name!r}. Choose another name, or edit"
            " its block."
        )
    if not path.exists():
        raise UserError(f"there is no file or folder {path}.")
    block = {"root": stored_root(path), "layout": layout or detect_layout(path, role)}
    if rain is not None:
        block["rain"] = rain
    try:
        check_set_name(name)
        return SCHEMAS[role].model_validate(block)
    except ValidationError as error:
        problems = (explain(details, SCHEMAS[role]) for details in error.errors())
        raise UserError(f"{role} data set {name!r}: {'; '.join(problems)}.") from error
    except ValueError as error:
        raise UserError(f"{error}.") from error


def add_set(role: Role, name: str, block: DataSet) -> None:
    """Append a data set to params/data.yaml; everything else in the file stays as it is.

    Raises:
        UserError: if the file cannot be edited in place or written.
    """
    text = read_text(DATA_FILE)
    sets = parse_yaml(text, DATA_FILE).get(role, {})
    added = block.model_dump(exclude_unset=True)
    try:
        text = merge(text, {role: sets | {name: added}})
    except ValueError as error:
        raise UserError(f"{DATA_FILE}: {error}. Add this by hand: {name}: {added}") from error
    write_texts({DATA_FILE: text})


def find_sets(name: str) -> list[tuple[Role, DataSet]]:
    """Return the data sets of one name with their roles; a name may stand in several roles.

    Raises:
        UserError: if there is none.
    """
    params = load_params(DATA_FILE, DataParams)
    found = [(role, params.sets(role)[name]) for role in ROLES if name in params.sets(role)]
    if not found:
        names = sorted({known for role in ROLES for known in params.sets(role)})
        raise UserError(
            f"{DATA_FILE} has no data set {name!r}.{nearest(name, names)}"
            f" It has: {', '.join(names)}."
        )
    return found


def stored_root(path: Path) -> str:
    """Return how ``path`` is written to params/: relative below the project, absolute elsewhere.

    Raises:
        UserError: if the path is not text in UTF-8.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 (``resolve`` would follow links)
    project = Path.cwd()
    root = absolute.relative_to(project) if absolute.is_relative_to(project) else absolute
    try:
        root.as_posix().encode("utf-8")
    except UnicodeEncodeError as error:
        raise UserError(f"the name {str(root)!r} is not UTF-8; rename the folder.") from error
    return root.as_posix()


def _decode(files: Sequence[Photograph]) -> tuple[list[tuple[int, int]], list[RefusedFile]]:
    sizes, refused = [], []
    for file in track(files, len(files), "open images"):
        try:
            height, width, _ = read_rgb(file.path).shape
            sizes.append((width, height))
        except Refused as reason:
            refused.append(RefusedFile(file.name, str(reason)))
    return sizes, refused


def _pixels(size: tuple[int, int]) -> int:
    return size[0] * size[1]
