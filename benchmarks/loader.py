"""Training samples per second: prepared sets, decoding per sample, and shards that are streamed.

    uv run --with mosaicml-streaming --with datasets==5.0.1 python -m benchmarks.loader

All ways give random crops of 100×100 pixels as float tensors, on one core. The images are 481×321
pixels, the size of BSDS500, from which most data sets for deraining are made; each PNG pair is
decoded whole and then cropped, as the loaders of SSID-KD and others do. Streams start again at
their end. The ways are measured in turns; a row has the median of the rounds, and the lowest and
the highest. Writes benchmarks/results/loader.json and prints the table in Markdown; without the
package, the rows of mosaicml-streaming are left out.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import datasets
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from benchmarks.record import FOLDER, Row, markdown, record
from ssid.data.images import read_rgb
from ssid.data.params import SyntheticSet
from ssid.data.prepare import prepare
from ssid.data.store.reader import ImageStore
from ssid.entry import reporting
from ssid.pictures import Picture, to_tensor
from ssid.training.batches import Batches

PAIRS, PATCH = 16, 100
SIDES = ("rainy", "clean")
MOSAIC = "streaming"
"""Module of the package mosaicml-streaming."""

Load = Callable[[], object]
Pair = dict[str, Picture]


def main(arguments: list[str] | None = None) -> None:
    """Measure every way in turns, write the result, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=40, help="pairs of 481×321 pixels")
    parser.add_argument("--seconds", type=float, default=1, help="time for each measurement")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each way")
    parser.add_argument("--output", type=Path, default=FOLDER / "loader.json")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        make_pairs(Path(temporary) / "png", options.images)
        ways = dict(open_ways(Path(temporary)))
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(options.rounds):
            for name, (load, _) in ways.items():
                rates[name].append(rate(load, options.seconds))
        rows = [row(name, rates[name], folder) for name, (_, folder) in ways.items()]
    libraries = ["torch", "datasets", "pillow", *(["mosaicml-streaming"] if has_mosaic() else [])]
    record(options.output, rows, libraries, images=options.images, patch=PATCH, pairs=PAIRS)
    print(table(rows))


def make_pairs(folder: Path, count: int) -> None:
    """Write PNG pairs with the entropy of photographs: smooth shapes and some noise."""
    for side in SIDES:
        (folder / side).mkdir(parents=True)
    for i in range(count):
        rng = np.random.default_rng(i)
        coarse = Image.fromarray(rng.integers(0, 256, (24, 36, 3), np.uint8))
        smooth = np.asarray(coarse.resize((481, 321), Image.Resampling.BICUBIC), np.float32)
        clean = smooth + rng.normal(0, 4, smooth.shape)
        rainy = clean + 60 * (rng.random((321, 481, 1)) < 0.05)
        for side, picture in zip(SIDES, (rainy, clean), strict=True):
            Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / side / f"{i}.png")


def open_ways(folder: Path) -> Iterator[tuple[str, tuple[Load, Path]]]:
    """Yield what loads a batch, and where its data lies, by the name of the way."""
    yield "prepared set, mapped into memory", (open_prepared(folder), folder / "prepared")
    files = list(range(len(list((folder / "png" / "clean").iterdir()))))
    pairs = (read_pair(folder / "png", random.choice(files)) for _ in iter(int, 1))
    yield "PNG files, decoded for each sample", (batches(pairs), folder / "png")
    yield "datasets, Parquet with PNG, streamed", (open_parquet(folder), folder / "parquet")
    if has_mosaic():
        for kind, encoding in (("PNG", "png"), ("raw pixels", "ndarray")):
            shards = folder / f"shards_{encoding}"
            yield (
                f"mosaicml-streaming, shards with {kind}",
                (open_shards(folder / "png", shards, encoding), shards),
            )


def open_prepared(folder: Path) -> Load:
    """Prepare the pairs as the pipeline does, and return its loader."""
    block = SyntheticSet(root=str(folder / "png"), layout="pairs")
    prepare("synthetic", "set", block, folder / "prepared", 1)
    store = ImageStore(folder / "prepared")
    loader = Batches([store], [], pairs=PAIRS, real_count=0, patch=PATCH, seed=0)
    steps = iter(range(10**9))
    return lambda: loader[next(steps)]


def open_parquet(folder: Path) -> Load:
    """Write a Parquet file as Hugging Face's data sets have it, and stream it."""
    names = sorted(path.name for path in (folder / "png" / "clean").iterdir())
    columns = {side: [encoded(folder / "png" / side / name) for name in names] for side in SIDES}
    kinds = datasets.Features(dict.fromkeys(SIDES, datasets.Image()))
    file = folder / "parquet" / "pairs.parquet"
    file.parent.mkdir()
    datasets.Dataset.from_dict(columns, features=kinds).to_parquet(str(file))
    stream = datasets.load_dataset("parquet", data_files=str(file), split="train", streaming=True)

    def endless() -> Iterator[Pair]:
        while True:  # in order: shuffled, every epoch would end with five seconds of waiting
            for example in stream:
                yield {side: np.asarray(example[side].convert("RGB")) for side in SIDES}

    return batches(endless())


def open_shards(source: Path, shards: Path, encoding: str) -> Load:
    """Write shards of mosaicml-streaming, and stream them."""
    from streaming import MDSWriter, StreamingDataset

    with MDSWriter(out=str(shards), columns=dict.fromkeys(SIDES, encoding)) as writer:
        for i in range(len(list((source / "clean").iterdir()))):
            pair = read_pair(source, i)
            as_image = {side: Image.fromarray(picture) for side, picture in pair.items()}
            writer.write(as_image if encoding == "png" else pair)
    stream = StreamingDataset(local=str(shards), shuffle=True, batch_size=PAIRS)

    def endless() -> Iterator[Pair]:
        while True:
            for example in stream:
                yield {side: np.asarray(example[side]) for side in SIDES}

    return batches(endless())


def encoded(file: Path) -> dict[str, bytes]:
    """Return a picture as a column of Hugging Face's data sets holds it."""
    return {"bytes": file.read_bytes()}


def has_mosaic() -> bool:
    """Say whether mosaicml-streaming is installed."""
    return find_spec(MOSAIC) is not None


def read_pair(folder: Path, number: int) -> Pair:
    """Return a pair of PNG files."""
    return {side: read_rgb(folder / side / f"{number}.png") for side in SIDES}


def batches(pairs: Iterator[Pair]) -> Load:
    """Return what makes a batch of random crops of the next pairs."""
    return lambda: stacked([cropped(pair) for pair in islice(pairs, PAIRS)])


def cropped(pair: Pair) -> Pair:
    """Return the same random crop of both sides."""
    height, width, _ = pair["clean"].shape
    top, left = random.randrange(height - PATCH), random.randrange(width - PATCH)
    return {side: pair[side][top : top + PATCH, left : left + PATCH] for side in SIDES}


def stacked(crops: list[Pair]) -> list[Tensor]:
    """Return the crops as two tensors N×3×H×W in [0, 1]."""
    return [to_tensor(np.stack([crop[side] for crop in crops])).contiguous() for side in SIDES]


def rate(load: Load, seconds: float) -> float:
    """Return pairs per second of what loads a batch."""
    load()
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        steps += 1
        load()
    return PAIRS * steps / (time.perf_counter() - start)


def row(name: str, rates: list[float], folder: Path) -> Row:
    """Return the row of a way."""
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    spread: dict[str, Any] = {"lowest": round(min(rates)), "highest": round(max(rates))}
    return {"way": name, "pairs_per_s": round(median(rates)), **spread, "bytes": size}


def table(rows: list[Row]) -> str:
    """Return the results in Markdown."""
    heads = ("crops from", "pairs per second", "lowest to highest", "bytes on disk")
    return markdown(
        heads,
        [
            [
                *(r["way"], f"{r['pairs_per_s']:,}"),
                *(f"{r['lowest']:,} to {r['highest']:,}", f"{r['bytes'] / 1e6:.1f} MB"),
            ]
            for r in rows
        ],
    )


if __name__ == "__main__":
    with reporting():
        main()
