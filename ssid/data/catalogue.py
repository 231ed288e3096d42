"""The catalogue of data sets, params/data.yaml: find them, and add to them."""

import os
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from ssid.config.edit import merge, write_texts
from ssid.config.explain import explain
from ssid.config.load import load_params, parse_yaml, read_text
from ssid.data.params import (
    BenchmarkSet,
    DataParams,
    DataSet,
    RealSet,
    SyntheticSet,
    check_set_name,
)
from ssid.data.roles import Role
from ssid.data.sources.detection import detect_layout, look_into
from ssid.data.sources.layouts import LAYOUTS, Detected
from ssid.data.sources.layouts.pairs import detect_manifest
from ssid.data.sources.manifests import names_images
from ssid.data.sources.plausibility import check_clean, check_rainy
from ssid.data.sources.sides import Sides
from ssid.errors import UserError, nearest
from ssid.files import held

DATA_FILE = Path("params/data.yaml")
SCHEMAS: dict[Role, type[DataSet]] = {
    "synthetic": SyntheticSet,
    "real": RealSet,
    "benchmark": BenchmarkSet,
}
ROLES = tuple(SCHEMAS)


class Choice(NamedTuple):
    """A block for the catalogue, and how its layout was chosen."""

    block: DataSet
    reason: str


def new_set(
    role: Role,
    name: str,
    path: Path,
    layout: str | None = None,
    manifest: str | None = None,
    rain: str | None = None,
    sides: Sides | None = None,
) -> Choice:
    """Return the block of a data set that is not yet in the catalogue.

    Args:
        role: purpose of the set.
        name: name that it will have.
        path: folder or archive of images, text list of photographs, or list of pairs.
        layout: layout; None to detect it, see :func:`ssid.data.sources.detection.detect_layout`.
        manifest: file below ``path`` that names the images; None to take all, or what is detected.
        rain: profile to render on clean photographs, by name or path, or None.
        sides: marks of the rainy and of the clean side, see :mod:`ssid.data.sources.sides`; None
            to find them.

    Raises:
        UserError: if the name is taken or impossible, there is nothing at ``path``, or role, layout
            and rain contradict each other.
    """
    if name in load_params(DATA_FILE, DataParams).sets(role):
        raise UserError(_is_taken(role, name))
    if not path.exists():
        raise UserError(f"there is no file or folder {path}.{_advice_on_addresses(path)}")
    if manifest is None and layout in (None, "pairs") and _is_table(path):
        path, manifest = path.parent, path.name
    found = _found(path, layout, manifest, rain, sides)
    if role == "real" and found.layout == "photographs" and layout is None and rain is None:
        check_rainy(path)
    block: dict[str, object] = {"root": stored_root(path), "layout": found.layout}
    block |= {"manifest": found.manifest} if found.manifest else {}
    if found.sides:
        block |= {side: list(marks) for side, marks in found.sides._asdict().items()}
    block |= {"rain": rain} if rain else {}
    try:
        check_set_name(name)
        return Choice(SCHEMAS[role].model_validate(block), found.reason)
    except ValidationError as error:
        problems = (explain(details, SCHEMAS[role]) for details in error.errors())
        lines = (f"{role} data set {name!r}: {problem}" for problem in problems)
        raise UserError("\n".join(lines)) from error
    except ValueError as error:
        raise UserError(f"{error}.") from error


def _found(
    path: Path, layout: str | None, manifest: str | None, rain: str | None, sides: Sides | None
) -> Detected:
    """Return the layout: as the user says, and where nothing is said, as the files say."""
    if sides is not None:
        return Detected(layout or "pairs", manifest, "as you said", sides)
    if rain is not None and layout in (None, "photographs"):
        if layout is None:
            check_clean(path, manifest)
        return Detected("photographs", manifest, f"rain {rain} is rendered on photographs")
    if manifest is not None and layout in (None, "pairs"):
        return detect_manifest(path, manifest)
    if layout == "pairs":
        found = look_into(path, LAYOUTS["pairs"].detect)
        return found or Detected("pairs", None, "as you said")
    return detect_layout(path) if layout is None else Detected(layout, manifest, "as you said")


def _is_table(path: Path) -> bool:
    """Return whether ``path`` is a list of pairs, or of a kind that names columns."""
    if not path.is_file():
        return False
    return names_images(path, 2) or path.suffix.lower() in {".csv", ".tsv", ".json", ".jsonl"}


def add_set(role: Role, name: str, block: DataSet) -> None:
    """Append a data set to params/data.yaml; everything else in the file stays as it is.

    Sets that other processes add at the same time stay, too.

    Raises:
        UserError: if the name is taken meanwhile, or the file cannot be edited in place or written.
    """
    with held(DATA_FILE.parent):
        text = read_text(DATA_FILE)
        sets = parse_yaml(text, DATA_FILE).get(role) or {}
        if name in sets:
            raise UserError(_is_taken(role, name))
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


def _is_taken(role: Role, name: str) -> str:
    return (
        f"{DATA_FILE} already has a {role} data set {name!r}. Choose another name, or edit its"
        " block."
    )


def _advice_on_addresses(path: Path) -> str:
    """Return what to do where ``path`` is an address such as ``https://host/set.zip``."""
    scheme, colon, rest = path.as_posix().partition(":/")
    if not colon or "/" in scheme:
        return ""
    copy = f"data/raw/{path.name}"
    return (
        f" Import it first, and then add {copy}:\n"
        f"  mkdir -p data/raw && uv run dvc import-url {scheme}://{rest.lstrip('/')} {copy}"
    )


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
