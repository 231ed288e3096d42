"""Folders and videos under rendered rain, for :mod:`benchmarks.deployment`."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from ssid.data.rain.render import render
from ssid.pictures import Picture

PROFILE = "rain100l"
LARGEST = 1000
"""Side in pixels of what rain is rendered on; larger photographs repeat it."""

Changes = NDArray[np.float64]


def scene(height: int, width: int) -> Picture:
    """Return a photograph of this size."""
    picture = Image.fromarray(skimage.data.astronaut())
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))


def write_photographs(folder: Path, count: int, size: tuple[int, int]) -> None:
    """Write ``count`` JPEG files of ``size`` (height, width), each rolled by one more pixel."""
    folder.mkdir(parents=True)
    height, width = size
    rainy = render(scene(min(height, LARGEST), min(width, LARGEST)), PROFILE, seed=0)[0]
    repeats = [-(-side // rainy.shape[axis]) for axis, side in enumerate(size)]
    pixels = np.tile(rainy, (*repeats, 1))[:height, :width]
    for index in range(count):
        file = folder / f"{index:04}.jpg"
        Image.fromarray(np.roll(pixels, index, axis=1)).save(file, quality=92)


def write_still_video(path: Path, size: tuple[int, int], count: int) -> None:
    """Write a still scene of ``size`` (width, height) under rain that differs in every frame."""
    write_video(path, [render_frame(scene(size[1], size[0]), seed % 8) for seed in range(count)])


def write_rainy_video(path: Path, frames: Sequence[Picture]) -> None:
    """Write these frames under rain that differs in every frame."""
    write_video(path, [render_frame(frame, seed) for seed, frame in enumerate(frames)])


def render_frame(clean: Picture, seed: int) -> Picture:
    """Return a frame under rain."""
    return render(clean, PROFILE, seed=seed)[0]


def write_video(path: Path, frames: Sequence[Picture]) -> None:
    """Write frames as H.264 with little loss."""
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        file.mux(stream.encode(None))


def read_frames(path: Path, count: int) -> list[Picture]:
    """Return the first frames of a video, with even sides."""
    with av.open(str(path)) as file:
        return [
            _even(frame.to_ndarray(format="rgb24")) for frame in islice(file.decode(video=0), count)
        ]


def changes(path: Path) -> Iterator[Changes]:
    """Yield how much luma changes from frame to frame, in levels of 255, at every pixel."""
    before: Changes | None = None
    with av.open(str(path)) as file:
        for frame in file.decode(video=0):
            luma = frame.to_ndarray(format="gray").astype(float)
            if before is not None:
                yield np.abs(luma - before)
            before = luma


def _even(frame: NDArray[Any]) -> Picture:
    height, width = frame.shape[:2]
    return np.ascontiguousarray(frame[: height // 2 * 2, : width // 2 * 2], np.uint8)
