"""The data sets that benchmarks train and measure on, prepared once."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from ssid.config.load import load_params
from ssid.data.leakage import write_exclusions
from ssid.data.params import DataParams
from ssid.data.prepare import prepare
from ssid.data.rain.params import FitParams
from ssid.data.roles import FITTED, Role
from ssid.data.store.reader import ImageStore
from ssid.data.store.records import SUMMARY
from ssid.fitting import fit_set
from ssid.project import Project
from ssid.training.job import fingerprint

SHARED = Path("benchmarks/params/data.yaml")
PACKAGED = Path("benchmarks/params/data_packaged.yaml")
ROLES: tuple[Role, ...] = ("synthetic", "real", "benchmark")
SMALL = {"limit": 2, "renderings": 1, "max_side": 96}
"""What shrinks a set to a few thumbnails."""


def load_catalogue(data: Path | None, small: bool) -> DataParams:
    """Return the sets below the folder ``data``, or those of photographs in installed packages.

    Args:
        data: folder to which the roots in ``benchmarks/params/data.yaml`` are relative.
        small: shrink every set to a few thumbnails.
    """
    catalogue = load_params(SHARED if data else PACKAGED, DataParams)
    return located(catalogue, data or Path(), SMALL if small else {})


def located(
    catalogue: DataParams, folder: Path, changes: Mapping[str, Any] | None = None
) -> DataParams:
    """Return the catalogue with roots below a folder, and these changes to every set."""
    sets: dict[str, Any] = {
        role: {
            name: block.model_copy(update={"root": str(folder / block.root), **(changes or {})})
            for name, block in catalogue.sets(role).items()
        }
        for role in ROLES
    }
    return catalogue.model_copy(update=sets)


def prepared_in(root: Path, catalogue: DataParams) -> Project:
    """Return the project below ``root`` whose prepared sets are those of the catalogue."""
    number = fingerprint({"catalogue": catalogue.model_dump(mode="json")})[:12]
    return Project(prepared=root / "prepared" / number, runs=root, models=root)


def prepare_missing(project: Project, catalogue: DataParams, places: Iterable[str]) -> None:
    """Prepare those of the sets ``<role>/<name>`` that are not there yet.

    Pairs in fitted rain come last: they are rendered on the photographs of the synthetic sets whose
    rain is rendered, too. Sets of pairs may hold the truth of a real set.
    """
    missing = [place.split("/") for place in sorted(set(places)) if not is_prepared(project, place)]
    for role, name in missing:
        if role != FITTED:
            block = catalogue.sets(cast("Role", role))[name]
            workers = len(os.sched_getaffinity(0))
            print(prepare(cast("Role", role), name, block, project.prepared / role / name, workers))
    ready = _prepared(project, catalogue)
    write_exclusions(ready, project.prepared, project.excluded)
    params = load_params(Path("params/rain.yaml"), FitParams)
    for role, name in missing:
        if role == FITTED:
            fit_set(name, params, _rendered(ready), project, tracking=None)


def is_prepared(project: Project, place: str) -> bool:
    """Return whether the set ``<role>/<name>`` is there."""
    return (project.prepared / place / SUMMARY).is_file()


def open_place(project: Project, place: str) -> ImageStore:
    """Return the prepared set ``<role>/<name>``."""
    return ImageStore(project.prepared / place)


def _prepared(project: Project, catalogue: DataParams) -> DataParams:
    """Return the part of the catalogue that is prepared."""
    ready: dict[str, Any] = {
        role: {n: b for n, b in catalogue.sets(role).items() if is_prepared(project, f"{role}/{n}")}
        for role in ROLES
    }
    return catalogue.model_copy(update=ready)


def _rendered(catalogue: DataParams) -> DataParams:
    """Return the catalogue without synthetic sets that come with rain of their own."""
    rendered = {name: block for name, block in catalogue.synthetic.items() if block.rain}
    return catalogue.model_copy(update={"synthetic": rendered})
