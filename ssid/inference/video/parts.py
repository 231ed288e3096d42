"""A long video in parts, each of which is whole or absent: what a broken run goes on from.

Parts are NUT files, which keep time stamps in the time base of the source, one after the other in
a hidden folder beside the result. They hold no B-frames, so that packets of consecutive parts
follow each other in the order in which they are shown.
"""

import json
import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from ssid.video.frames import Image, Layout

FRAMES = 250
"""Of a part."""

CODEC = "libx264"


def parts_folder(result: Path) -> Path:
    """Return where the parts of a result lie: a hidden folder beside it."""
    return result.with_name(f".{result.name}.parts")


class Parts:
    """The finished parts of one result, in a folder that its process owns.

    Args:
        result: the video to be made.
        job: settings that decide its content; parts of another job are thrown away.
    """

    def __init__(self, result: Path, job: dict[str, Any]) -> None:
        self.folder = parts_folder(result)
        note = self.folder / "job.json"
        text = json.dumps(job, sort_keys=True)
        if note.is_file() and note.read_text("utf-8") != text:
            for part in self.done:
                part.unlink()
        note.write_text(text, "utf-8")

    @property
    def done(self) -> list[Path]:
        """Return the finished parts, in order."""
        paths: list[Path] = []
        while (path := self._path(len(paths))).is_file():
            paths.append(path)
        return paths

    def next(self) -> Path:
        """Return where the first part that is missing belongs."""
        return self._path(len(self.done))

    def remove(self) -> None:
        """Throw away all parts."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def remove_if_empty(self) -> None:
        """Throw the folder away where it holds no finished part."""
        if not self.done:
            self.remove()

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:05}.nut"


class PartWriter:
    """Encodes frames into one part.

    Args:
        av: the module.
        path: path of the part; it is there once :meth:`close` has returned.
        layout: layout of stored frames.
        size: width and height upright.
        time_base: time base of the frames' time stamps.
        crf: constant rate factor of x264, 0 to 51.
    """

    def __init__(
        self, av: Any, path: Path, layout: Layout, size: tuple[int, int], time_base: Any, crf: int
    ) -> None:
        self._av, self._path, self._layout = av, path, layout
        self._partial = path.with_suffix(".partial")
        self._file = av.open(str(self._partial), "w", format="nut")
        self._stream = self._file.add_stream(CODEC, options={"crf": str(crf), "bf": "0"})
        context = self._stream.codec_context
        context.width, context.height = size
        context.pix_fmt, context.time_base = layout.pixels, time_base
        context.sample_aspect_ratio = layout.aspect
        context.flags |= av.codec.context.Flags.global_header
        for name, value in layout.tags.items():
            setattr(context, name, value)

    def write(self, image: Image, pts: int, duration: int) -> None:
        """Encode one image, shown from ``pts`` on for ``duration`` units of the time base."""
        frame = self._layout.frame(image, self._av)
        frame.pts, frame.duration = pts, duration
        frame.time_base = self._stream.codec_context.time_base
        self._file.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finish the part."""
        self._file.mux(self._stream.encode(None))
        self._file.close()
        self._partial.replace(self._path)


def packets(av: Any, parts: list[Path], last: Fraction) -> Iterator[Any]:
    """Yield the packets of all parts in the order in which they are shown.

    Each lasts until the next one, which NUT files do not say; the last for ``last`` seconds.
    """
    before = None
    for packet in _stored(av, parts):
        if before is not None:
            before.duration = packet.pts - before.pts
            yield before
        before = packet
    if before is not None:
        before.duration = round(last / before.time_base)
        yield before


def _stored(av: Any, parts: list[Path]) -> Iterator[Any]:
    for path in parts:
        with av.open(str(path)) as file:
            yield from (packet for packet in file.demux(video=0) if packet.dts is not None)


def seconds(packet: Any) -> Fraction:
    """Return when a packet is due."""
    return Fraction(packet.dts) * packet.time_base
