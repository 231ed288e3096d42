"""Derain a file or a whole folder: reading, computing and writing overlap."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from ssid.data.images import ImageError, decode
from ssid.data.sources.listing import (
    SUFFIXES,
    Listing,
    Photograph,
    RefusedFile,
    list_folder,
    printable,
)
from ssid.errors import UserError
from ssid.files import remove_leftovers
from ssid.inference.method import DEFAULT, INEXACT, Method
from ssid.inference.options import Existing
from ssid.inference.pictures import Photo, read_photo
from ssid.inference.runtime import OpenRunner, Runner, opened
from ssid.inference.writing import FORMATS, Output, format_of, write_photo
from ssid.models import Derainer
from ssid.progress import track

FIRST = "the first of its pictures alone is derained"

AHEAD = 3
"""Photographs that wait for the network, and results that wait to be written."""

Job = tuple[Photograph, Path]
A = TypeVar("A")
B = TypeVar("B")


@dataclass
class Summary:
    """What became of a folder.

    Attributes:
        written: files that were derained, in order.
        refused: files that could not be, with the reason.
        skipped: results that existed already and were kept.
        notes: remarks on single files, by name.
    """

    written: list[Path] = field(default_factory=list)
    refused: list[RefusedFile] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)


def derain_folder(
    model: Derainer | Runner | OpenRunner,
    source: Path,
    target: Path,
    method: Method = DEFAULT,
    existing: Existing = "replace",
    output: Output | None = None,
) -> Summary:
    """Derain one photograph, or all below a folder; the sources stay untouched.

    The results are of the kind of the photographs: see :mod:`ssid.inference.pictures`. They keep
    place and name below ``target``, with the suffix of their format; where two names differ in
    their suffix alone (``a.jpg`` beside ``a.png``), both keep that too (``a.jpg.png``,
    ``a.png.png``): which photograph a result is of does not change with what lies beside it. A
    file that is no usable photograph is left out and stands in the summary. Reading and writing go
    on while the network computes.

    Args:
        model: the network in evaluation mode, on the device to use; or what computes it; or what
            opens that, called once it is known what is to be done, if anything is.
        source: a photograph or a folder, searched recursively.
        target: the folder to fill; for a single photograph also the file to write.
        method: tiles, and whether veil is kept.
        existing: what becomes of results that exist already.
        output: format of the results; None for PNG.

    Returns:
        What was written and what was refused; nothing is printed about refused files.

    Raises:
        UserError: if the source is missing or has no photographs, the target lies inside the
            source, a result exists and must not be replaced, or cannot be written.
        ModuleNotFoundError: if veil is to be kept, and the extra ``train`` is not installed.
    """
    output = output or Output()
    listing = find_photographs(source)
    jobs = list(
        zip(listing.photographs, _destinations(listing, source, target, output), strict=True)
    )
    summary = Summary(refused=list(listing.refused))
    jobs = _select(jobs, existing, summary)
    if not jobs:
        return summary
    runner = opened(model, lambda: count_pixels(photograph for photograph, _ in jobs))
    work = _work(runner, jobs, method, output, summary.notes)
    for done in track(work, len(jobs), "derain"):
        if isinstance(done, RefusedFile):
            summary.refused.append(done)
        else:
            summary.written.append(done)
    return summary


def find_photographs(source: Path) -> Listing:
    """Return the one photograph, or those below a folder.

    Raises:
        UserError: if there is no such file or folder, or no photograph in it.
    """
    if source.is_file():
        return Listing([Photograph(printable(source.name), source)], [])
    if not source.is_dir():
        raise UserError(f"there is no file or folder {source}")
    listing = list_folder(source)
    if not listing.photographs:
        raise UserError(f"no photographs were found in {source}")
    return listing


def count_pixels(photographs: Iterable[Photograph]) -> int:
    """Return how many pixels photographs have; those that cannot be opened have none."""
    return sum(map(_pixels, photographs))


def _pixels(photograph: Photograph) -> int:
    try:
        return decode(photograph.path, lambda image: image.width * image.height)
    except ImageError:
        return 0


def _work(
    runner: Runner,
    jobs: list[Job],
    method: Method,
    output: Output,
    notes: dict[str, str],
) -> Iterator[Path | RefusedFile]:
    """Yield, in order, what became of every photograph once that is on disk."""

    def compute(name: str, photo: Photo) -> Photo:
        height, width = photo.colour.shape[:2]
        fitted = method.fitted(runner, height, width)
        if photo.first:
            notes[name] = FIRST
        if not fitted.is_exact(runner, height, width):
            notes[name] = INEXACT
        return replace(photo, colour=fitted.derain(runner, photo.colour))

    def write(path: Path, photo: Photo) -> Path:
        write_photo(path, photo, output.quality)
        return path

    with ThreadPoolExecutor(1) as readers, ThreadPoolExecutor(2) as writers:
        waiting: deque[Future[Path] | RefusedFile] = deque()
        for (photograph, path), photo in ahead(readers, _read, jobs):
            if isinstance(photo, Photo):
                waiting.append(writers.submit(write, path, compute(photograph.name, photo)))
            else:
                waiting.append(RefusedFile(photograph.name, str(photo)))
            while len(waiting) > AHEAD:
                yield _settled(waiting.popleft())
        while waiting:
            yield _settled(waiting.popleft())


def ahead(
    pool: ThreadPoolExecutor, function: Callable[[A], B], items: Iterable[A]
) -> Iterator[tuple[A, B]]:
    """Yield every item and its result, at most ``AHEAD`` of which are computed in advance."""
    running: deque[tuple[A, Future[B]]] = deque()
    for item in items:
        running.append((item, pool.submit(function, item)))
        if len(running) > AHEAD:
            first, result = running.popleft()
            yield first, result.result()
    while running:
        first, result = running.popleft()
        yield first, result.result()


def _read(job: Job) -> Photo | ImageError:
    try:
        return read_photo(job[0].path)
    except ImageError as reason:
        return reason


def _settled(result: Future[Path] | RefusedFile) -> Path | RefusedFile:
    return result if isinstance(result, RefusedFile) else result.result()


def _destinations(listing: Listing, source: Path, target: Path, output: Output) -> list[Path]:
    """Return the file for each photograph: all different, and none among the sources."""
    if source.is_file():
        suffix = target.suffix.lower()
        single = format_of(target) is not None
        if suffix in SUFFIXES and not single and not target.is_dir():
            raise UserError(
                f"{target}: a photograph is written as {', '.join(FORMATS)}, not {suffix}."
            )
        name = source.with_suffix(output.suffix(source)).name
        destinations = [target if single else target / name]
    else:
        names = [_names(photo.path.relative_to(source), output) for photo in listing.photographs]
        taken = Counter(name for both in names for name in both)
        destinations = [target / (short if taken[short] == 1 else long) for short, long in names]
    for destination in destinations:
        if destination.resolve().is_relative_to(source.resolve()):
            raise UserError(
                f"the result {destination} would lie among the photographs; choose another target"
            )
    return destinations


def _names(relative: Path, output: Output) -> tuple[Path, Path]:
    """Return the short and the long name of a result: ``a.png`` and ``a.jpg.png``."""
    suffix = output.suffix(relative)
    return relative.with_suffix(suffix), Path(f"{relative}{suffix}")


def _select(jobs: list[Job], existing: Existing, summary: Summary) -> list[Job]:
    """Return what is to be done, and note in the summary what is skipped."""
    there = {path for _, path in jobs if existing != "replace" and path.exists()}
    if there and existing == "refuse":
        raise UserError(
            f"{len(there)} of {len(jobs)} results exist already, such as {min(there)}."
            " Name another OUTPUT, or add --skip-existing or --replace."
        )
    for path in there:
        remove_leftovers(path)
    summary.skipped += sorted(there)
    return [job for job in jobs if job[1] not in there]
