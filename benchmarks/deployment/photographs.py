"""Photographs per second through a folder: plain loops against ``ssid derain``."""

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.deployment.inputs import write_photographs
from benchmarks.deployment.plan import Group, Plan, Row
from benchmarks.timing import in_turns, spread
from ssid.inference.folder import derain_folder
from ssid.inference.method import DEFAULT
from ssid.inference.pictures import Photo, read_photo
from ssid.inference.runtime import FASTEST_FIRST, Runner, open_runner
from ssid.inference.writing import write_photo
from ssid.packaged import SIZES, Size, packaged_student

SMALL, LARGE = (128, 192), (6000, 8000)
"""Height and width of photographs."""

TURNS = 20
"""Parts of the folder of small photographs; large ones are one part."""

Way = Callable[[Path, Path], Any]
"""Derains the photographs of one folder into another."""


def folders(plan: Plan) -> list[Group]:
    """Return a group for each folder and student."""
    groups = []
    kinds = (("small", plan.small, SMALL, TURNS), ("large", plan.large, LARGE, 1))
    for size, (name, count, shape, turns) in itertools.product(SIZES, kinds):
        title = f"{count} of {shape[1]}×{shape[0]}"
        take = partial(_take, plan.work / name, title, count // turns, shape, turns, size)
        groups.append(Group(f"{title}: {size}", [size], take))
    return groups


def _take(
    folder: Path, title: str, each: int, shape: tuple[int, int], turns: int, size: Size
) -> list[Row]:
    """Time all ways on one part of the folder after the other; small ones warm up on the first."""
    parts = [folder / f"{turn:02}" for turn in range(turns)]
    for part in parts:
        if not part.exists():
            write_photographs(part, each, shape)
    ways = _ways(size, shape)
    target = folder.with_name("results")
    calls = [partial(_next, way, itertools.cycle(parts), target) for way in ways.values()]
    taken = in_turns(calls, turns, warm_up=min(turns - 1, 1))
    return [
        {"folder": title, "size": size, "way": name}
        | spread([each / one for one in seconds], "images/s")
        for name, seconds in zip(ways, taken, strict=True)
    ]


def _next(way: Way, parts: Iterator[Path], target: Path) -> None:
    way(next(parts), target)


def _ways(size: Size, shape: tuple[int, int]) -> dict[str, Way]:
    student = packaged_student(size)
    eager, fast = open_runner(student, "torch"), open_runner(student, FASTEST_FIRST[0])
    for runner in (eager, fast):
        DEFAULT.fitted(runner, *shape)  # what a network takes is measured once
    return {
        "plain loop, PyTorch": partial(plain_loop, eager),
        "plain loop, OpenVINO": partial(plain_loop, fast),
        "`ssid derain`, OpenVINO": partial(derain_folder, fast),
    }


def plain_loop(runner: Runner, source: Path, target: Path) -> None:
    """Read, derain and write one photograph after the other."""
    for path in sorted(source.iterdir()):
        colour = read_photo(path).colour
        fitted = DEFAULT.fitted(runner, *colour.shape[:2])
        write_photo(target / f"{path.stem}.png", Photo(fitted.derain(runner, colour)))
