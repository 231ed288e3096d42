"""How fast the packaged students are where people use them: runtimes, folders, videos.

    python -m benchmarks.deployment

What is compared takes turns in one process, so that other work on the machine slows all of it
alike; medians, and the spread from the first to the third quartile. Rain is rendered.
"""

import argparse
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise, product
from pathlib import Path
from statistics import quantiles
from typing import Any

import av
import numpy as np
import skimage.data
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks.summary import hardware
from ssid.data.rain.render import render
from ssid.entry import reporting
from ssid.export import export_model
from ssid.files import write_json
from ssid.inference.folder import derain_folder
from ssid.inference.pictures import Photo, read_photo
from ssid.inference.runtime import Runner, open_runner, runner_of
from ssid.inference.tiles import derain, largest_tile
from ssid.inference.video.job import derain_video
from ssid.inference.writing import write_photo
from ssid.models import load_model
from ssid.packaged import SIZES, Size, packaged_student
from ssid.tracking import commit

OUTPUT = Path("benchmarks/results/deployment.json")
VIDEOS = ((640, 360), (1280, 720))
PROFILE = "rain100l"

Pixels = NDArray[np.uint8]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print tables, and write them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="timed passes of each (9)")
    parser.add_argument("--small", type=int, default=200, help="photographs of 481×321 (200)")
    parser.add_argument("--large", type=int, default=2, help="photographs of 8000×6000 (2)")
    parser.add_argument("--frames", type=int, default=50, help="of a video (50)")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for size in SIZES:
            export_model(load_model(size), folder / f"{size}.onnx")
        results = {
            "latency": latencies(folder, options.rounds),
            "folders": folders(folder, options.small, options.large),
            "videos": videos(folder, options.frames),
        }
    for name, rows in results.items():
        print_table(name, rows)
    words = ["python", "-m", "benchmarks.deployment", *(arguments or sys.argv[1:])]
    origin = {"command": shlex.join(words), "commit": commit(), "hardware": hardware()}
    write_json(options.output, origin | results)


def latencies(folder: Path, rounds: int) -> list[dict[str, Any]]:
    """Return the seconds of one 512×512 image, by size, runtime and number of threads."""
    image = np.random.default_rng(0).random((1, 3, 512, 512), np.float32)
    names, calls = [], []
    for threads, size in product((1, 2), SIZES):
        for name, runner in _runners(folder, size, threads):
            names.append({"size": size, "runtime": name, "threads": threads})
            calls.append(_with_threads(threads, runner.estimate, image))
    taken = in_turns(calls, rounds)
    return [name | spread(seconds) for name, seconds in zip(names, taken, strict=True)]


def folders(folder: Path, small: int, large: int) -> list[dict[str, Any]]:
    """Return photographs per second: a plain loop against ``derain_folder``."""
    rows = []
    for name, count, shape in (("small", small, (321, 481)), ("large", large, (6000, 8000))):
        write_photographs(folder / name, count, shape)
        shown = {"folder": f"{count} of {shape[1]}×{shape[0]}"}
        for size in SIZES:
            for runner in (runner_of(load_model(size)), open_runner(folder / f"{size}.onnx")):
                shown |= {"size": size, "runtime": runner.name}
                rows.append(shown | rates(runner, folder / name, folder, count))
    return rows


def rates(runner: Runner, source: Path, folder: Path, count: int) -> dict[str, float]:
    """Return the photographs per second of both ways through a folder of ``count``."""
    start = time.perf_counter()
    plain_loop(runner, source, folder / "loop")
    middle = time.perf_counter()
    derain_folder(runner, source, folder / "out")
    loop, overlapped = middle - start, time.perf_counter() - middle
    return {"loop, images/s": count / loop, "derain, images/s": count / overlapped}


def videos(folder: Path, count: int) -> list[dict[str, Any]]:
    """Return frames per second, and how much still pictures flicker before and after."""
    rows = []
    for (width, height), size in product(VIDEOS, SIZES):
        source = folder / f"{height}.mp4"
        if not source.exists():
            write_video(source, (width, height), count)
        runner = open_runner(folder / f"{size}.onnx")
        start = time.perf_counter()
        result = derain_video(runner, source, folder / f"videos_{size}")
        rate = count / (time.perf_counter() - start)
        row: dict[str, Any] = {"video": f"{width}×{height}", "size": size, "runtime": runner.name}
        flickers = {"flicker before": flicker(source), "flicker after": flicker(result)}
        rows.append(row | {"frames/s": rate} | flickers)
    return rows


def flicker(video: Path) -> float:
    """Return the mean change of luma from frame to frame, in levels of 255, of a still scene."""
    with av.open(str(video)) as file:
        frames = [frame.to_ndarray(format="gray").astype(float) for frame in file.decode(video=0)]
    return float(np.mean([np.abs(b - a).mean() for a, b in pairwise(frames)]))


def plain_loop(runner: Runner, source: Path, target: Path) -> None:
    """Read, derain and write one photograph after the other."""
    for path in sorted(source.iterdir()):
        colour = read_photo(path).colour
        tile = largest_tile(runner, *colour.shape[:2])
        write_photo(target / f"{path.stem}.png", Photo(derain(runner, colour, tile)))


def scene(height: int, width: int) -> Pixels:
    """Return a photograph of this size."""
    picture = Image.fromarray(skimage.data.astronaut())
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))


def write_photographs(folder: Path, count: int, size: tuple[int, int]) -> None:
    """Write JPEG files under rendered rain; large ones repeat a tile of it."""
    folder.mkdir()
    rainy = render(scene(min(size[0], 1000), min(size[1], 1000)), PROFILE, seed=0)[0]
    repeats = [-(-side // rainy.shape[axis]) for axis, side in enumerate(size)]
    pixels = np.tile(rainy, (*repeats, 1))[: size[0], : size[1]]
    for index in range(count):
        Image.fromarray(np.roll(pixels, index, axis=1)).save(folder / f"{index}.jpg", quality=92)


def write_video(path: Path, size: tuple[int, int], count: int) -> None:
    """Write a still scene under rain that differs in every frame."""
    clean = scene(size[1], size[0])
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for seed in range(count):
            rainy = render(clean, PROFILE, seed=seed % 8)[0]
            file.mux(stream.encode(av.VideoFrame.from_ndarray(rainy, format="rgb24")))
        file.mux(stream.encode(None))


def in_turns(calls: Sequence[Callable[[], Any]], rounds: int) -> list[list[float]]:
    """Return the seconds of every call, which take turns; the first round only warms up."""
    taken: list[list[float]] = [[] for _ in calls]
    for turn in range(rounds + 1):
        for call, seconds in zip(calls, taken, strict=True):
            start = time.perf_counter()
            call()
            if turn:
                seconds.append(time.perf_counter() - start)
    return taken


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Return median and quartiles."""
    first, middle, third = quantiles(seconds, n=4)
    return {"median, s": middle, "first quartile": first, "third quartile": third}


def print_table(name: str, rows: Sequence[dict[str, Any]]) -> None:
    """Print rows as Markdown."""
    print(f"\n{name}\n\n| {' | '.join(rows[0])} |\n|{'---|' * len(rows[0])}")
    for row in rows:
        cells = (f"{v:.3g}" if isinstance(v, float) else str(v) for v in row.values())
        print(f"| {' | '.join(cells)} |")


def _runners(folder: Path, size: Size, threads: int) -> list[tuple[str, Runner]]:
    eager = open_runner(packaged_student(size), "torch", threads)
    network, compiled_model = folder / f"{size}.onnx", load_model(size)
    compiled_model.compile()
    return [
        ("PyTorch, eager", eager),
        ("PyTorch, compiled", runner_of(compiled_model)),
        ("onnxruntime", open_runner(network, "onnxruntime", threads)),
        ("OpenVINO", open_runner(network, "openvino", threads)),
    ]


def _with_threads(
    threads: int, estimate: Callable[[Any], Any], image: NDArray[np.float32]
) -> Callable[[], Any]:
    def call() -> Any:
        torch.set_num_threads(threads)
        return estimate(image)

    return call


if __name__ == "__main__":
    with reporting():
        main()
