"""Links that DVC makes in place of files: with ``cache.type symlink`` they lead into its cache."""

from functools import cache
from pathlib import Path


def is_in_cache(target: Path) -> bool:
    """Return whether a file lies in the cache of the DVC project around the working directory.

    No other project is asked: a data set could bring one along, whose cache is anywhere.
    """
    project = _project(Path.cwd())
    return project is not None and any(target.is_relative_to(path) for path in _caches(project))


def _project(folder: Path) -> Path | None:
    return next((path for path in (folder, *folder.parents) if (path / ".dvc").is_dir()), None)


@cache
def _caches(project: Path) -> tuple[Path, ...]:
    """Return the folders of the cache of a project, links followed; none where DVC is missing."""
    try:
        from dvc.exceptions import DvcException  # takes a second, and few sets have links
        from dvc.repo import Repo
    except ImportError:
        return ()
    try:
        with Repo(str(project)) as repo:
            return (Path(repo.cache.local.path).resolve(), Path(repo.cache.legacy.path).resolve())
    except DvcException:
        return ()
