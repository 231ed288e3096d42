"""Pairs for training in fitted rain, on the clean photographs of the synthetic sets."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from ssid.data.rain.profiles import RainProfile
from ssid.data.rain.render import render
from ssid.data.roles import FITTED
from ssid.data.splits import evenly_spaced, seeded
from ssid.data.store.reader import ImageStore
from ssid.data.store.records import Record, Split, Summary
from ssid.data.store.writer import StoreWriter, replacing
from ssid.pictures import Picture
from ssid.progress import track


class CleanPhotograph(NamedTuple):
    """A clean photograph of a prepared set, and where it stands there."""

    picture: Picture
    set_name: str
    record: Record

    @property
    def name(self) -> str:
        """Name that no photograph of another set has."""
        return f"{self.set_name}/{self.record.source}"


def clean_photographs(stores: Sequence[ImageStore], limit: int) -> list[CleanPhotograph]:
    """Return at most ``limit`` clean photographs, evenly spaced, each once.

    Images that a store excludes, because a benchmark has them, are not among them.
    """
    first: dict[str, CleanPhotograph] = {}
    for store in stores:
        splits: tuple[Split, Split] = ("train", "val")
        for i in sorted(i for split in splits for i in store.split(split)):
            record = store.records[i]
            found = CleanPhotograph(store.clean(i), store.summary.name, record)
            first.setdefault(record.fingerprint, found)
    return evenly_spaced(list(first.values()), limit)


def render_pairs(
    name: str,
    photographs: Sequence[CleanPhotograph],
    profile: RainProfile,
    renderings: int,
    seed: int,
    destination: Path,
) -> Summary:
    """Render each photograph so many times, and store the pairs as a prepared set.

    A photograph stays in the split that it has in its own set.

    Args:
        name: name of the new set.
        photographs: to render on.
        profile: profile of the rain.
        renderings: pairs made of each photograph.
        seed: seed of the rain.
        destination: folder of the set; one that exists is replaced.

    Raises:
        UserError: if the disk is full or cannot be written.
    """
    jobs = [(photograph, k) for photograph in photographs for k in range(renderings)]
    with (
        replacing(destination) as folder,
        StoreWriter(folder, paired=True, expected=len(jobs)) as writer,
    ):
        records = list(_rendered(jobs, profile, seed, writer, name))
        return writer.finish(
            records,
            [],
            role=FITTED,
            name=name,
            files=len(photographs),
            left_out=0,
            standin=False,
            missing={},
        )


def _rendered(
    jobs: Sequence[tuple[CleanPhotograph, int]],
    profile: RainProfile,
    seed: int,
    writer: StoreWriter,
    name: str,
) -> Iterator[Record]:
    for photograph, k in track(jobs, len(jobs), f"render pairs in the rain of {name}"):
        own = seeded(seed, photograph.name, k)
        rainy, parameters = render(photograph.picture, profile, own)
        record = photograph.record
        yield Record(
            name=f"{photograph.name}#{k + 1}",
            split=record.split,
            height=record.height,
            width=record.width,
            offset=writer.add(rainy, photograph.picture),
            source=record.source,
            source_sha256=record.source_sha256,
            rain=json.dumps({"profile": f"fitted to {name}", "seed": own, **asdict(parameters)}),
            fingerprint=record.fingerprint,
        )
