"""Which network is taken where none is named."""

from pathlib import Path

from ssid.errors import UserError
from ssid.models.weights import packaged_student


def find_student(trained: Path) -> Path:
    """Return the model file ``trained`` if it exists, else the student packaged with ssid.

    Raises:
        UserError: if there is neither.
    """
    packaged = packaged_student()
    for file in (trained, packaged):
        if file.is_file():
            return file
    raise UserError(
        f"no model was found: there is neither {trained} in {Path.cwd()} nor {packaged}. Train a"
        " student with `dvc repro`, name a model file with --model, or install ssid again."
    )
