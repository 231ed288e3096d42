"""The parts of a video and the sound and subtitles of its source, in one file."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from ssid.files import atomic_write
from ssid.inference.video.parts import packets, seconds


def join(av: Any, source: Path, parts: list[Path], result: Path, last: Fraction) -> None:
    """Write the parts' packets and those of the other streams into the result, by time.

    The last picture is shown for ``last`` seconds.
    """
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
        while waiting is not None:
            _mux(joined, waiting, copies[waiting.stream])
            waiting = next(others, None)


def _copied(joined: Any, file: Any) -> dict[Any, Any]:
    """Return the streams of the result for those that are copied: sound and subtitles."""
    copies = {}
    for stream in file.streams:
        if stream.type in ("audio", "subtitle"):
            copies[stream] = joined.add_stream_from_template(stream)
    return copies


def _mux(joined: Any, packet: Any, stream: Any) -> None:
    packet.stream = stream
    joined.mux(packet)
