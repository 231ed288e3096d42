"""The two Hugging Face tables of a prepared set: its catalogue, and a few pictures to look at."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from PIL import Image

from ssid.data.splits import evenly_spaced
from ssid.data.store.checks import columns
from ssid.data.store.reader import ImageStore
from ssid.data.store.records import CATALOGUE, SAMPLES, Record
from ssid.pictures import Picture, thumbnail

SAMPLE_COUNT = 8
SAMPLE_SIDE = 320


def write_catalogue(path: Path, records: list[Record], digest: str) -> None:
    """Write the catalogue of the set at ``path``; ``digest`` names its content."""
    import datasets  # takes seconds to import

    features = {
        field.name: datasets.Value("int64" if field.type is int else "string")
        for field in fields(Record)
    }
    _save(columns(records), features, path / CATALOGUE, digest)


def write_samples(path: Path, store: ImageStore, digest: str) -> None:
    """Write previews of at most ``SAMPLE_COUNT`` evenly spaced images of ``store``."""
    import datasets

    chosen = evenly_spaced(range(len(store)), SAMPLE_COUNT)
    table: dict[str, list[Any]] = {
        "name": [store.records[i].name for i in chosen],
        "rainy": [_preview(store.rainy(i)) for i in chosen],
    }
    features = {"name": datasets.Value("string"), "rainy": datasets.Image()}
    if store.paired:
        table["clean"] = [_preview(store.clean(i)) for i in chosen]
        features["clean"] = datasets.Image()
    _save(table, features, path / SAMPLES, digest)


def _save(table: dict[str, list[Any]], features: dict[str, Any], path: Path, digest: str) -> None:
    import datasets

    made = datasets.Dataset.from_dict(table, features=datasets.Features(features))
    # The fingerprint that the library would choose is a hash of pickled objects.
    fixed = datasets.Dataset(made.data, info=made.info, fingerprint=digest[:16])
    with _quiet():
        fixed.save_to_disk(str(path), num_shards=1)


def _preview(picture: Picture) -> dict[str, Any]:
    png = io.BytesIO()
    Image.fromarray(thumbnail(picture, SAMPLE_SIDE)).save(png, "PNG")
    return {"bytes": png.getvalue(), "path": None}


@contextmanager
def _quiet() -> Iterator[None]:
    """Turn the progress bars of ``datasets`` off for what takes a moment."""
    from datasets.utils import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    shown = not are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            enable_progress_bars()
