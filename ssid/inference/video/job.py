"""Derain one video: frame by frame, with its sound and its time stamps."""

import hashlib
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from ssid.data.sources.listing import SUFFIXES as PHOTOGRAPHS
from ssid.errors import UserError
from ssid.inference.folder import ahead
from ssid.inference.method import DEFAULT, INEXACT, Method
from ssid.inference.options import Existing
from ssid.inference.runtime import OpenRunner, Runner, opened
from ssid.inference.video.join import check_container, join
from ssid.inference.video.parts import CODEC, FRAMES, Parts, PartWriter, parts_folder
from ssid.ownership import owned
from ssid.progress import track
from ssid.video.frames import Image, Layout, layout_of

HOLDS_H264 = (".mp4", ".m4v", ".mov", ".mkv")
"""Results keep the suffix of these files; others become ``.mkv``, which holds every stream."""

SUFFIXES = (*HOLDS_H264, ".avi", ".webm", ".ts", ".mts", ".m2ts", ".3gp", ".mpg", ".mpeg", ".wmv")


MANY = 1 << 62
"""Pixels of a video: more than it pays to count."""

WHOLE = 0.8
"""Share of the pictures that a file speaks of, above which it is taken to be whole: sound may last
longer, and the rate of the pictures vary."""

log = logging.getLogger(__name__)


def is_video(path: Path) -> bool:
    """Return whether a file's name ends like that of a video."""
    return path.suffix.lower() in SUFFIXES


def derain_video(
    runner: Runner | OpenRunner,
    source: Path,
    target: Path,
    method: Method = DEFAULT,
    existing: Existing = "replace",
    crf: int | None = None,
) -> Path | None:
    """Derain a video into an H.264 file; sound, subtitles, time stamps and metadata are copied.

    Frames are turned upright as the file asks for, so that the result needs no turning. Colours
    keep the video's matrix (BT.601, BT.709, BT.2020), range and bit depth (8, or 10 for more).
    A run that was stopped goes on where it was: finished parts of 250 frames lie in a hidden
    folder beside the result until it is whole.

    Args:
        runner: computer of the network, or what opens it, called where there is work.
        source: the video.
        target: the file to write, or the folder for it.
        method: tiles, and whether veil is kept.
        existing: what becomes of a result that exists already.
        crf: constant rate factor: 0 loses nothing, 51 is smallest; None takes 18, which is hard to
            tell from 0.

    Returns:
        The file that was written; None where it is there already and kept.

    Raises:
        UserError: if the file is no video that can be read, the result exists or cannot be
            written, or another process is at work on it.
        ModuleNotFoundError: if the extra ``video`` is not installed, or veil is to be kept and the
            extra ``train`` is not.
    """
    import av

    result = _result(source, target)
    if result.exists() and existing == "keep":
        return None
    if result.exists() and existing == "refuse":
        raise UserError(f"{result} exists already. Name another OUTPUT, or add --replace.")
    try:
        _derain(av, runner, source, result, method, 18 if crf is None else crf)
    except av.error.FFmpegError as error:
        reason = error.strerror or error
        raise UserError(f"{source} cannot be derained into {result}: {reason}.") from error
    return result


def _derain(
    av: Any,
    runner: Runner | OpenRunner,
    source: Path,
    result: Path,
    method: Method,
    crf: int,
) -> None:
    with av.open(str(source)) as file:
        stream = _video_stream(file, source)
        check_container(av, file, result)
        runner = opened(runner, lambda: MANY)
        with owned(parts_folder(result)):
            parts = Parts(result, _job(runner, source, method, crf))
            stream.thread_type = "AUTO"
            frames = _stamped(file.decode(stream), stream)
            skipped = len(parts.done) * FRAMES
            work = islice(frames, skipped, None)
            total = max(_count(file, stream) - skipped, 0)
            shown = track(work, total, "derain")
            try:
                _write_parts(av, runner, shown, stream, parts, method, crf)
            finally:
                parts.remove_if_empty()
            if not parts.done:
                raise UserError(f"{source} has no pictures that can be decoded.")
            last = _usual_duration(stream) * Fraction(stream.time_base)
            pictures = join(av, source, parts.done, result, last)
            parts.remove()
        if pictures < WHOLE * (expected := _count(file, stream)):
            log.warning(
                "%s ends early: %d of about %d pictures can be decoded, and are in the result.",
                *(source, pictures, expected),
            )


Stamped = tuple[Any, int, int]
"""A frame, when it is shown, and for how long, in units of the stream's time base."""


def _write_parts(
    av: Any,
    runner: Runner,
    frames: Iterator[Stamped],
    stream: Any,
    parts: Parts,
    method: Method,
    crf: int,
) -> None:
    first = next(frames, None)
    if first is None:
        return
    written = frozenset(format.name for format in av.Codec(CODEC, "w").video_formats)
    layout = layout_of(first[0], stream, written)
    frames = chain([first], frames)
    height, width = layout.image(first[0]).shape[:2]
    fitted = method.fitted(runner, height, width)
    if not fitted.is_exact(runner, height, width):
        log.warning("pictures are %s", INEXACT)

    while (frame := next(frames, None)) is not None:
        writer = PartWriter(av, parts.next(), layout, (width, height), stream.time_base, crf)
        _write_part(
            writer, islice(chain([frame], frames), FRAMES), layout, partial(fitted.derain, runner)
        )


def _write_part(
    writer: PartWriter,
    frames: Iterator[Stamped],
    layout: Layout,
    compute: Callable[[Image], Image],
) -> None:
    """Decode ahead, compute, and encode behind, all at once."""
    with ThreadPoolExecutor(1) as reading, ThreadPoolExecutor(1) as writing:
        encoded: Future[None] | None = None
        for (_, pts, duration), image in ahead(reading, lambda item: layout.image(item[0]), frames):
            clean = compute(image)
            if encoded is not None:
                encoded.result()
            encoded = writing.submit(writer.write, clean, pts, duration)
        if encoded is not None:
            encoded.result()
    writer.close()


def _stamped(frames: Iterator[Any], stream: Any) -> Iterator[Stamped]:
    """Yield frames with time stamps that rise, as encoders ask for."""
    usual = _usual_duration(stream)
    last = None
    for frame in frames:
        pts = frame.pts
        if pts is None or (last is not None and pts <= last):
            pts = 0 if last is None else last + 1
        yield frame, pts, frame.duration or usual
        last = pts


def _usual_duration(stream: Any) -> int:
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    return max(round(1 / (rate * stream.time_base)), 1)


def _count(file: Any, stream: Any) -> int:
    """Return how many frames there will be, as far as the file tells."""
    if stream.frames:
        return int(stream.frames)
    duration = file.duration / 1e6 if file.duration else 0
    return round(duration * (stream.average_rate or 0))


def _video_stream(file: Any, source: Path) -> Any:
    if not file.streams.video:
        raise UserError(f"{source} has no pictures.")
    return file.streams.video[0]


def _result(source: Path, target: Path) -> Path:
    if not source.is_file():
        raise UserError(f"there is no file {source}")
    suffix = target.suffix.lower()
    if suffix in HOLDS_H264:
        result = target
    elif suffix in {*SUFFIXES, *PHOTOGRAPHS} and not target.is_dir():
        raise UserError(f"{target}: a video is written as {', '.join(HOLDS_H264)}, not {suffix}.")
    else:
        kept = source.suffix.lower() in HOLDS_H264
        result = target / (source.name if kept else f"{source.stem}.mkv")
    if result.resolve() == source.resolve():
        raise UserError(f"the result would replace {source}; choose another OUTPUT.")
    return result


def _job(runner: Runner, source: Path, method: Method, crf: int) -> dict[str, Any]:
    """Return what decides the result: the source, the network by what it does, and the options."""
    status = source.stat()
    image = np.linspace(0, 1, 3 * 64 * 64, dtype=np.float32).reshape(1, 3, 64, 64)
    does = hashlib.sha256(runner.estimate(image).tobytes()).hexdigest()
    origin = {"source": [status.st_size, status.st_mtime_ns], "network": does}
    return origin | method._asdict() | {"crf": crf}
