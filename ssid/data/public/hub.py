"""Copy the images of a data set of the Hugging Face hub into a folder, as files."""

import shutil
from pathlib import Path
from typing import Any

from ssid.data.params import check_set_name
from ssid.data.public.fetch import RAW
from ssid.data.sources.listing import SUFFIXES
from ssid.errors import UserError
from ssid.progress import track


def fetch_from_hub(name: str, repository: str, raw: Path = RAW) -> Path:
    """Write each image of ``repository`` to ``raw/NAME/SPLIT/COLUMN/NUMBER.SUFFIX``, byte by byte.

    Columns that are called like a side, such as ``input`` and ``target``, so become pairs.

    Args:
        name: name of the new folder.
        repository: ``OWNER/NAME`` on the hub, or a local folder of the same kind. No program in
            it is run.
        raw: folder for the new one.

    Raises:
        UserError: if the name is impossible or taken, the repository cannot be read, or it has no
            images.
    """
    import datasets  # takes seconds to import

    try:
        check_set_name(name)
    except ValueError as error:
        raise UserError(f"{error}.") from error
    target, partial = raw / name, raw / f"{name}.partial"
    if target.exists():
        raise UserError(f"{target} is there already; remove it to fetch {name} again.")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        splits = datasets.load_dataset(repository)
        for split, table in splits.items():
            _write_images(table, partial / check_set_name(str(split)))
        if not partial.exists():
            raise UserError(f"{repository} has no column of images.")
        partial.rename(target)
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        raise UserError(f"{repository} cannot be fetched from the hub: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _write_images(table: Any, folder: Path) -> None:
    import datasets

    columns = [name for name, kind in table.features.items() if isinstance(kind, datasets.Image)]
    for column in columns:
        (folder / check_set_name(column)).mkdir(parents=True)
        table = table.cast_column(column, datasets.Image(decode=False))
    rows = table.select_columns(columns)
    for number, row in enumerate(track(rows, len(rows), f"copy {folder.name}")):
        for column, image in row.items():
            if image is None:  # its partner is then refused, with a reason
                continue
            suffix = Path(image["path"] or "").suffix.lower()
            file = folder / column / f"{number}{suffix if suffix in SUFFIXES else '.png'}"
            file.write_bytes(image["bytes"] or Path(image["path"]).read_bytes())
