"""From files of any kind to a prepared set: list, decode, check, render, store, in one pass."""

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ssid.data.fingerprint import first_same
from ssid.data.make import MadeImage, cost_of, make_image
from ssid.data.ordered import in_order
from ssid.data.params import DataSet, SyntheticSet
from ssid.data.roles import Role
from ssid.data.sources.items import unpacked_items
from ssid.data.sources.layouts import LAYOUTS, Item, Pairing
from ssid.data.sources.layouts.halves import check_order
from ssid.data.sources.listing import SUFFIXES, RefusedFile, natural_key, reasons
from ssid.data.splits import evenly_spaced, held_out
from ssid.data.store.journal import Entry, Journal, identify
from ssid.data.store.records import Record, Split, Summary
from ssid.data.store.writer import StoreWriter, replacing
from ssid.errors import UserError
from ssid.progress import track


def prepare(role: Role, name: str, block: DataSet, destination: Path, workers: int) -> Summary:
    """Turn the photographs of one data set into a prepared set on disk.

    Workers are threads: decoding, resizing, hashing and rendering run outside Python's lock. At
    most two images a worker are in flight. The result does not depend on their number, byte by
    byte. Everything is written beside ``destination`` and renamed at the end, so that a failure
    leaves neither half a set nor an old one spoilt. A run that was killed is continued: images that
    it has finished are not decoded again.

    Args:
        role: synthetic: pairs, divided into train and val by photograph; real: rainy images, all
            train, targets dropped; benchmark: pairs, all test.
        name: name of the set.
        block: block of the set in params/data.yaml.
        destination: folder of the prepared set; one that exists is replaced.
        workers: number of threads, at least 1.

    Raises:
        UserError: The root is missing, empty or without any usable image; the layout is contrary
            to what the images show; the disk is full or cannot be written.
    """
    scratch = destination.with_name(destination.name + ".unpacked.partial")
    try:
        # The folder is held first: another process must not take the scratch away.
        with replacing(destination) as folder, unpacked_items(block, scratch) as pairing:
            return _prepare(role, name, block, pairing, folder, workers)
    except UserError as error:
        raise UserError(f"params/data.yaml: {role}.{name}: {error}") from error


def _prepare(
    role: Role, name: str, block: DataSet, pairing: Pairing, folder: Path, workers: int
) -> Summary:
    items = _limited(pairing.items, block.limit)
    if order := LAYOUTS[block.layout].order:
        check_order(items, order)
    jobs = [(item, i) for item in items for i in range(block.renderings)]
    with (
        Journal(folder, identify(role, block, items)) as journal,
        StoreWriter(
            folder,
            paired=role != "real" and all(item.clean for item in items),
            expected=len(jobs),
            mask=LAYOUTS[block.layout].mask if role == "benchmark" else "",
        ) as writer,
    ):
        entries = writer.recover(journal)
        before = f" ({len(entries)} were done before)" if entries else ""
        left = jobs[len(entries) :]
        made = in_order(
            lambda job: make_image(role, block, *job), left, workers, lambda job: cost_of(job[0])
        )
        with _silent_pillow():
            for image in track(made, len(left), f"prepare {role}/{name}{before}"):
                entries.append(_stored(image, writer))
                journal.add(entries[-1])
        kept = [
            (item, entry.record)
            for (item, _), entry in zip(jobs, entries, strict=True)
            if entry.record
        ]
        refused = [file for entry in entries for file in entry.refused]
        quarantine = _quarantine(pairing.refused, refused, kept)
        if not kept:
            raise UserError(
                f"root: none of the {pairing.files} files in {block.root} can be used:\n"
                f"{reasons(quarantine)}"
            )
        return writer.finish(
            _with_splits(role, block, kept),
            quarantine,
            role=role,
            name=name,
            files=pairing.files,
            left_out=len(_files(pairing.items) - _files(items)),
            standin=role == "real" and block.rain is not None,
            missing=_missing(pairing.refused, [job[0] for job in jobs], entries),
        )


@contextmanager
def _silent_pillow() -> Iterator[None]:
    """Hide the warnings of Pillow: a file is used or refused, and the quarantine says which."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def _limited(items: list[Item], limit: int | None) -> list[Item]:
    """Return the items of at most ``limit`` photographs."""
    photographs = list(dict.fromkeys(item.photograph for item in items))
    chosen = set(evenly_spaced(photographs, limit))
    return [item for item in items if item.photograph in chosen]


def _stored(image: MadeImage | list[RefusedFile], writer: StoreWriter) -> Entry:
    """Write the image, unless it is refused."""
    if isinstance(image, list):
        return Entry(None, image, writer.sha256)
    height, width, _ = image.rainy.shape
    record = Record(
        name=image.name,
        split="train",
        height=height,
        width=width,
        offset=writer.add(image.rainy, image.clean, image.mask),
        source=image.source,
        source_sha256=image.source_sha256,
        rain=image.rain,
        fingerprint=image.fingerprint,
    )
    return Entry(record, [], writer.sha256)


def _files(items: Iterable[Item]) -> set[str]:
    return {file.name for item in items for file in item.files}


def _quarantine(
    listed: list[RefusedFile], made: list[RefusedFile], kept: list[tuple[Item, Record]]
) -> list[RefusedFile]:
    """Join what was refused, each file once; a clean image may still serve another rainy one."""
    used = _files(item for item, _ in kept)
    first = {file.file: file for file in reversed(made) if file.file not in used}
    return sorted([*listed, *first.values()], key=lambda file: natural_key(file.file))


def _missing(
    listed: Sequence[RefusedFile], items: Sequence[Item], entries: Sequence[Entry]
) -> dict[str, int]:
    """Count by reason the images that found no partner, and the items that were refused."""
    reasons_of = {file.file: file.reason for file in listed if _is_image(file.file)}
    for item, entry in zip(items, entries, strict=True):
        if entry.refused:
            said = [file.reason for file in entry.refused]
            own = [reason for reason in said if not reason.startswith("its partner")]
            reasons_of[f"item {item.name}"] = (own or said)[0]
    counts = Counter(reason.partition(":")[0] for reason in reasons_of.values())
    return dict(counts.most_common())


def _is_image(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def _with_splits(role: Role, block: DataSet, kept: list[tuple[Item, Record]]) -> list[Record]:
    """Assign the splits; all images of one photograph fall in the same.

    Releases repeat photographs under other names: 525 pairs of Rain800 share theirs with another.
    """
    held: set[str] = set()
    names = [item.photograph for item, _ in kept]
    if isinstance(block, SyntheticSet):
        fingerprints = {item.photograph: record.fingerprint for item, record in kept}
        photographs = list(fingerprints)
        same = first_same(list(fingerprints.values()))
        first = {name: photographs[i] for name, i in zip(photographs, same, strict=True)}
        names = [first[name] for name in names]
        held = held_out(set(names), block.val_fraction, block.seed)
    rest: Split = "test" if role == "benchmark" else "train"
    return [
        replace(record, split="val" if name in held else rest)
        for name, (_, record) in zip(names, kept, strict=True)
    ]
