"""The parts of a video and the sound and subtitles of its source, in one file."""

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

from ssid.errors import UserError
from ssid.files import atomic_write
from ssid.inference.video.parts import packets, seconds

HOLDS_MOST = ".mkv"
"""The container of the most kinds of sound and subtitles."""


def check_container(av: Any, file: Any, result: Path) -> None:
    """Refuse a result whose container cannot hold the sound and subtitles of the open ``file``.

    Raises:
        UserError: if so; it names the stream and what to do.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        av.open(str(Path(folder) / result.name), "w") as trial,
    ):
        for stream in _others(file):
            try:
                trial.add_stream_from_template(stream)
            except (ValueError, av.error.FFmpegError):
                kind = "sound" if stream.type == "audio" else "subtitles"
                codec = getattr(stream.codec_context, "name", "unknown")
                advice = f"convert that in {file.name} first"
                if result.suffix.lower() != HOLDS_MOST:
                    advice = f"name an OUTPUT in {HOLDS_MOST}, or {advice}"
                raise UserError(
                    f"{result}: {result.suffix} holds no {kind} of the kind {codec}: {advice}."
                ) from None


def join(av: Any, source: Path, parts: list[Path], result: Path, last: Fraction) -> int:
    """Write the parts' packets and those of the other streams into the result, by time.

    The last picture is shown for ``last`` seconds. Returns the number of pictures.
    """
    pictures = 0
    with (
        atomic_write(result) as partial,
        av.open(str(source)) as file,
        av.open(str(parts[0])) as first,
        av.open(str(partial), "w") as joined,
    ):
        joined.metadata.update(file.metadata)
        video = joined.add_stream_from_template(first.streams.video[0])
        video.time_base = first.streams.video[0].time_base
        copies = _copied(joined, file)
        others = (p for p in file.demux(*copies) if p.dts is not None) if copies else iter(())
        waiting = next(others, None)
        for packet in packets(av, parts, last):
            while waiting is not None and seconds(waiting) <= seconds(packet):
                _mux(joined, waiting, copies[waiting.stream])
                waiting = next(others, None)
            _mux(joined, packet, video)
            pictures += 1
        while waiting is not None:
            _mux(joined, waiting, copies[waiting.stream])
            waiting = next(others, None)
    return pictures


def _copied(joined: Any, file: Any) -> dict[Any, Any]:
    """Return the streams of the result for those that are copied: sound and subtitles."""
    return {stream: joined.add_stream_from_template(stream) for stream in _others(file)}


def _others(file: Any) -> list[Any]:
    return [stream for stream in file.streams if stream.type in ("audio", "subtitle")]


def _mux(joined: Any, packet: Any, stream: Any) -> None:
    packet.stream = stream
    joined.mux(packet)
