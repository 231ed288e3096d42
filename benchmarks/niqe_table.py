"""What NIQE sees: clean photographs, blurred ones, rendered rain and real rain.

    python -m benchmarks.niqe_table --data ../shared/data

Writes benchmarks/results/niqe.json and prints the table in Markdown: means and standard deviations
over pictures. Pictures of fewer than nine blocks of 96×96 pixels are left out.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
from scipy.ndimage import gaussian_filter

from benchmarks.folders import files_in
from benchmarks.record import FOLDER, Row, markdown, record
from ssid.data.images import read_rgb
from ssid.data.splits import evenly_spaced
from ssid.entry import reporting
from ssid.metrics.niqe import BLOCK, STEADY_BLOCKS, steady_niqe
from ssid.pictures import Picture
from ssid.progress import track

BLUR = 2.0
"""Standard deviation in pixels of the blur of the blurred photographs."""

Change = Callable[[Picture], Picture]


def main(arguments: list[str] | None = None) -> None:
    """Measure every set, write the result, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the sets")
    parser.add_argument("--limit", type=int, default=24, help="pictures per set (default: 24)")
    parser.add_argument("--output", type=Path, default=FOLDER / "niqe.json")
    options = parser.parse_args(arguments)
    rows = [measure(name, options.data / folder, change, options.limit)
            for name, (folder, change) in SETS.items()]  # fmt: skip
    record(options.output, rows, ["ssid", "numpy", "scipy"], limit=options.limit)
    print(table(rows))


def same(picture: Picture) -> Picture:
    """Return the picture."""
    return picture


def blurred(picture: Picture) -> Picture:
    """Return the picture under a Gaussian blur."""
    return gaussian_filter(picture.astype(float), (BLUR, BLUR, 0)).round().astype(np.uint8)


SETS: dict[str, tuple[str, Change]] = {
    "clean photographs, BSDS500": ("clean/bsds/test", same),
    f"the same, blurred (σ = {BLUR:g} pixels)": ("clean/bsds/test", blurred),
    "Rain100L half, clean": ("paired/rain100l/clean", same),
    "Rain100L half, rendered rain": ("paired/rain100l/rainy", same),
    "Rain100H half, rendered rain": ("paired/rain100h/rainy", same),
    "Real-275, real rain": ("real/real275", same),
    "SIRR, real rain": ("real/sirr147", same),
}


def measure(name: str, folder: Path, change: Change, limit: int) -> Row:
    """Return the row of a set."""
    pictures = map(read_rgb, files_in(folder))
    large = [picture for picture in pictures if blocks(picture) >= STEADY_BLOCKS]
    chosen = evenly_spaced(large, limit)
    scores = [steady_niqe(change(picture)) for picture in track(chosen, len(chosen), name)]
    return {"set": name, "pictures": len(scores), "mean": fmean(scores), "deviation": stdev(scores)}


def blocks(picture: Picture) -> int:
    """Return how many whole blocks of NIQE a picture has."""
    return (picture.shape[0] // BLOCK) * (picture.shape[1] // BLOCK)


def table(rows: list[Row]) -> str:
    """Return the results in Markdown."""
    lines = [
        [row["set"], str(row["pictures"]), f"{row['mean']:.2f} ± {row['deviation']:.2f}"]
        for row in rows
    ]
    return markdown(["pictures", "how many", "NIQE"], lines)


if __name__ == "__main__":
    with reporting():
        main()
