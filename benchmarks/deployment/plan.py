"""What is measured, and the groups of rows that are measured at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ssid.packaged import Size

Row = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What is measured, and where its files lie.

    Attributes:
        work: folder for inputs and results.
        rounds: timed passes of each contestant.
        small: number of small photographs.
        large: number of large photographs.
        frames: number of frames of a video.
        video: real video of a fixed camera, for flicker.
    """

    work: Path
    rounds: int
    small: int
    large: int
    frames: int
    video: Path | None


class Group(NamedTuple):
    """Rows that are measured together.

    Attributes:
        name: name, which says all that decides the rows but the weights.
        sizes: students that they are about.
        take: function that measures them.
    """

    name: str
    sizes: Sequence[Size]
    take: Callable[[], list[Row]]
