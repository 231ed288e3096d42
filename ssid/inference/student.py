"""Which network a command takes."""

from pathlib import Path

from ssid.errors import UserError
from ssid.packaged import Size, packaged_student


def choose_model(model: Path | None, size: Size | None, trained: Path) -> Path:
    """Return the model that a command line names: by its file, by its size, or not at all.

    Args:
        model: file or folder of a model.
        size: size of a packaged student.
        trained: file that is taken where neither is named and it exists; otherwise it is the
            packaged student of default size.

    Raises:
        UserError: if both are named, or there is nothing to take.
    """
    if model is not None and size is not None:
        raise UserError(
            f"--model {model} is one network and --size {size} another. Name one of them."
        )
    if model is not None:
        return model
    packaged = packaged_student(size) if size else packaged_student()
    for file in (packaged,) if size else (trained, packaged):
        if file.is_file():
            return file
    raise UserError(
        f"no model was found: there is neither {trained} in {Path.cwd()} nor {packaged}. Train a"
        " student with `dvc repro`, name a model file with --model, or install ssid again."
    )
