"""Videos: frames per second from file to file, and how steady what stands still is."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.deployment.inputs import (
    changes,
    read_frames,
    write_rainy_video,
    write_still_video,
    write_video,
)
from benchmarks.deployment.plan import Group, Plan, Row
from benchmarks.timing import in_turns, spread
from ssid.inference.runtime import FASTEST_FIRST, open_runner
from ssid.inference.video.job import derain_video
from ssid.packaged import SIZES, Size, packaged_student

SHAPES = ((640, 360), (1280, 720))
"""Width and height of videos."""

PASSES = 3

STEADY = 2.0
"""Levels of 255 by which the luma of a pixel changes at most where the scene is static."""


def videos(plan: Plan) -> list[Group]:
    """Return a group for each size of video, in which all students take turns."""
    groups = []
    for shape in SHAPES:
        title = f"{plan.frames} frames of {shape[0]}×{shape[1]}"
        take = partial(_rates, plan, title, shape)
        groups.append(Group(f"{title}: {', '.join(SIZES)}", SIZES, take))
    return groups


def _rates(plan: Plan, title: str, shape: tuple[int, int]) -> list[Row]:
    source, target = plan.work / f"{shape[1]}.mp4", plan.work / "derained"
    write_still_video(source, shape, plan.frames)
    runners = [open_runner(packaged_student(size), FASTEST_FIRST[0]) for size in SIZES]
    taken = in_turns([partial(derain_video, one, source, target) for one in runners], PASSES)
    return [
        {"video": title, "size": size, "runtime": runner.name}
        | spread([plan.frames / one for one in seconds], "frames/s")
        for size, runner, seconds in zip(SIZES, runners, taken, strict=True)
    ]


def flickers(plan: Plan) -> list[Group]:
    """Return a group for each student: real frames under rain, before and after."""
    assert plan.video is not None
    name, count = plan.video.name, 2 * plan.frames
    return [
        Group(f"{name}, {count} frames: {size}", [size], partial(_flicker, plan, count, size))
        for size in SIZES
    ]


def _flicker(plan: Plan, count: int, size: Size) -> list[Row]:
    assert plan.video is not None
    frames = read_frames(plan.video, count)
    clean, rainy = plan.work / "clean.mp4", plan.work / "rainy.mp4"
    write_video(clean, frames)
    write_rainy_video(rainy, frames)
    runner = open_runner(packaged_student(size), "torch", 1)
    derained = plan.work / "steady.mp4"
    derain_video(runner, rainy, derained, crf=12)
    static = [change <= STEADY for change in changes(clean)]
    named = {"scene": clean, "rainy": rainy, "derained": derained}
    shown = {"video": plan.video.name, "size": size, "static share": float(np.mean(static))}
    return [shown | {name: flicker(file, static) for name, file in named.items()}]


def flicker(video: Path, static: Sequence[NDArray[np.bool_]]) -> float:
    """Return the mean change of luma from frame to frame where the scene is static, of 255."""
    found = zip(changes(video), static, strict=True)
    return float(np.mean(np.concatenate([change[where] for change, where in found])))
