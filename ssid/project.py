"""Where a project keeps things, and how its prepared sets are opened."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from ssid.data.leakage import read_exclusions
from ssid.data.params import DataParams
from ssid.data.roles import FITTED, Role
from ssid.data.store.reader import ImageStore
from ssid.errors import UserError, nearest


class Project(NamedTuple):
    """Where a project keeps things, relative to its root."""

    prepared: Path = Path("data/prepared")
    runs: Path = Path("runs")
    models: Path = Path("models")

    @property
    def excluded(self) -> Path:
        """Return the file that names the pairs which leak a benchmark."""
        return self.prepared / "excluded.json"

    @property
    def rain(self) -> Path:
        """Return the folder of the profiles that were fitted to real sets."""
        return self.models / "rain"


def open_stores(
    catalogue: DataParams, role: Role, names: Sequence[str] | None, project: Project
) -> list[ImageStore]:
    """Return the prepared sets of one role: those named, or all of the catalogue.

    Raises:
        UserError: if a name is not in the catalogue or its set is not prepared, or damaged.
    """
    chosen = chosen_sets(catalogue, role, names)
    return [_open(project.prepared / role / name) for name in chosen]


def open_training_stores(
    catalogue: DataParams, names: Sequence[str] | None, project: Project
) -> list[ImageStore]:
    """Return the synthetic sets as :func:`open_stores`, without images that leak a benchmark."""
    excluded = read_exclusions(project.excluded)
    folder = project.prepared / "synthetic"
    return [
        _open(folder / name, excluded.get(name, frozenset()))
        for name in chosen_sets(catalogue, "synthetic", names)
    ]


def open_fitted_stores(
    catalogue: DataParams, names: Sequence[str] | None, project: Project
) -> list[ImageStore]:
    """Return the pairs in the rain of the real sets named, or of all of the catalogue.

    Raises:
        UserError: as :func:`open_stores`.
    """
    chosen = chosen_sets(catalogue, "real", names)
    return [_open(project.prepared / FITTED / name) for name in chosen]


def chosen_sets(
    catalogue: DataParams, role: Role, names: Sequence[str] | None, place: str = "a file of params/"
) -> list[str]:
    """Return the names of the sets of one role: those that params name, or all of the catalogue.

    Args:
        catalogue: the data sets.
        role: role of the sets.
        names: what params say; None for all sets of the role.
        place: file that says so, for the message.

    Raises:
        UserError: if a name is not in the catalogue.
    """
    known = catalogue.sets(role)
    for name in names or ():
        if name not in known:
            raise UserError(
                f"{place} names the {role} set {name!r}, which params/data.yaml does not have."
                f"{nearest(name, known)} It has: {', '.join(known) or 'none'}."
            )
    return sorted(known if names is None else names)


def data_digests(stores: Sequence[ImageStore]) -> dict[str, str]:
    """Return the digests of prepared sets by role and name, as sets of two roles may share one."""
    return {f"{s.summary.role}/{s.summary.name}": s.summary.digest for s in stores}


def describe_real_rain(real: Sequence[ImageStore]) -> dict[str, str]:
    """Return the tag that says whether real rain was photographs or a rendered stand-in."""
    if not real:
        return {"real_rain": "none"}
    standin = any(store.summary.standin for store in real)
    return {"real_rain": "stand-in (rendered)" if standin else "photographs"}


def _open(path: Path, excluded: Collection[str] = ()) -> ImageStore:
    """Open a prepared set, and compare its bytes with its digest."""
    store = ImageStore(path, excluded)
    store.verify()
    return store
