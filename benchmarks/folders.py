"""The folders of `--data`, which every user has somewhere else."""

from pathlib import Path

from ssid.errors import UserError


def files_in(folder: Path) -> list[Path]:
    """Return what lies in a folder, sorted by name.

    Raises:
        UserError: if there is no such folder, or nothing in it.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; is --data right?")
    files = sorted(folder.iterdir())
    if not files:
        raise UserError(f"{folder}: found no file in it.")
    return files
