"""Find training pairs whose photograph is in a benchmark, too: a result with them is no result.

Ninety-one photographs of BSDS500 are the originals of Rain100L and of Rain100H, and other training
sets have taken photographs from there as well: 13 of the 700 training pairs of Rain800.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ssid.data.fingerprint import find_same
from ssid.data.params import DataParams
from ssid.data.store.reader import ImageStore
from ssid.errors import UserError
from ssid.files import write_json

SHOWN_LEAKS = 20


class Leak(NamedTuple):
    """An image that is in a benchmark, too.

    Attributes:
        name: name of the image in its set.
        benchmark: set in which its photograph is.
        image: name of the image there.
        likeness: likeness of both, see :func:`ssid.data.fingerprint.find_same`.
    """

    name: str
    benchmark: str
    image: str
    likeness: float

    def __str__(self) -> str:
        return f"{self.name} is {self.image} of the benchmark {self.benchmark}"


def fingerprints(store: ImageStore) -> dict[str, str]:
    """Return the fingerprints of the images of a prepared set by their names."""
    return {record.name: record.fingerprint for record in store.records}


def find_leaks(training: Mapping[str, str], benchmarks: Mapping[str, ImageStore]) -> list[Leak]:
    """Return one leak for each image of ``training`` (name: fingerprint) and benchmark it is in."""
    leaks: dict[tuple[str, str], Leak] = {}
    names = list(training)
    for benchmark, store in benchmarks.items():
        theirs = fingerprints(store)
        twins = list(theirs)
        for i, j, likeness in find_same(list(training.values()), list(theirs.values())):
            leaks.setdefault((names[i], benchmark), Leak(names[i], benchmark, twins[j], likeness))
    return list(leaks.values())


def compare(training: Mapping[str, str], params: DataParams, prepared: Path) -> str:
    """Say which images of ``training`` (name: fingerprint) are in the prepared benchmarks."""
    folders = {name: prepared / "benchmark" / name for name in sorted(params.benchmark)}
    ready = {name: ImageStore(path) for name, path in folders.items() if path.is_dir()}
    leaks = find_leaks(training, ready)
    lines = [f"{len({leak.name for leak in leaks})} images are in a benchmark, too"]
    lines += [f"  {leak}" for leak in leaks[:SHOWN_LEAKS]]
    if len(leaks) > SHOWN_LEAKS:
        lines.append(f"  and {len(leaks) - SHOWN_LEAKS} more")
    if missing := [name for name in folders if name not in ready]:
        lines.append(f"not compared with benchmarks that are not prepared: {', '.join(missing)}")
    return "\n".join(lines)


def write_exclusions(params: DataParams, prepared: Path, file: Path) -> dict[str, list[Leak]]:
    """Compare all synthetic sets with all benchmarks, and write what must not be learnt from.

    The file is JSON: {set: [names of images]}, without sets that allow leakage or have no leaks.
    It names no benchmark, so that training, which depends on it, is repeated only when there are
    other images to leave out, and not whenever a benchmark is added.

    Args:
        params: the catalogue.
        prepared: folder of the prepared sets, ``ROLE/NAME``.
        file: to be written.

    Returns:
        All leaks by set, allowed or not; sets without leaks are missing.

    Raises:
        UserError: if a set of the catalogue is not prepared.
    """
    benchmarks = {name: ImageStore(prepared / "benchmark" / name) for name in params.benchmark}
    found = {}
    for name in sorted(params.synthetic):
        if leaks := find_leaks(fingerprints(ImageStore(prepared / "synthetic" / name)), benchmarks):
            found[name] = leaks
    excluded = {
        name: list(dict.fromkeys(leak.name for leak in leaks))
        for name, leaks in found.items()
        if not params.synthetic[name].allow_leakage
    }
    write_json(file, excluded)
    return found


def read_exclusions(file: Path) -> dict[str, frozenset[str]]:
    """Return what :func:`write_exclusions` has written: names of images by synthetic set.

    Raises:
        UserError: if there is no such file, or it is damaged.
    """
    try:
        excluded = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"{file} is missing: run `dvc repro` to make it.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{file} cannot be read: run `dvc repro -f exclude`.") from error
    names = excluded.values() if isinstance(excluded, dict) else [None]
    if not all(isinstance(n, list) and all(isinstance(name, str) for name in n) for n in names):
        raise UserError(f"{file} holds no names of images by set: run `dvc repro -f exclude`.")
    return {name: frozenset(names) for name, names in excluded.items()}
