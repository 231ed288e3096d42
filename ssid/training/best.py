"""The best student of a run: kept beside its checkpoints, handed over only if it is intact."""

import shutil
from pathlib import Path

from ssid.errors import UserError
from ssid.files import atomic_write, remove_all_leftovers, sha256
from ssid.training.checkpoint import Progress, remove_checkpoints


def copy_best(source: Path, target: Path, progress: Progress) -> None:
    """Copy the best student of a run, if it is the one that was saved.

    Raises:
        UserError: if the file is missing, cut short or altered.
    """
    if not source.is_file() or sha256(source) != progress.best_sha256:
        raise UserError(
            f"{source} is missing, or is not the best student that this run has saved, and is not"
            " handed over. The same command goes on from the last checkpoint, which has its own."
        )
    shutil.copyfile(source, target)


def hand_over(best: Path, output: Path, progress: Progress) -> None:
    """Put the best student in its place."""
    with atomic_write(output) as partial:
        copy_best(best, partial, progress)


def clear_after(folder: Path, step: int) -> None:
    """Remove from a run's folder what killed writers left, and at step 0 what another run did."""
    remove_all_leftovers(folder)
    if step == 0:
        remove_checkpoints(folder / "checkpoints")
        shutil.rmtree(folder / "not_finite", ignore_errors=True)
        (folder / "best.safetensors").unlink(missing_ok=True)
