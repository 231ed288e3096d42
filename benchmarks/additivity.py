"""Is rain light that was added to the photograph? Per data set, and per profile of the renderer.

    python -m benchmarks.additivity --data ../shared/data

Compares the pairs of the Rain100L, Rain100H and Rain800 test halves, and renderings of every
profile over photographs of BSDS500. A pixel is darker where the rainy picture is below the clean
one in any channel. A difference is gray where its channels agree within a level; pixels with a
channel at 255, where light was cut off, do not count there. Writes
benchmarks/results/additivity.json and prints the table in Markdown.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import numpy as np

from benchmarks.folders import HALVES, files_in, list_pairs, open_pair
from benchmarks.record import FOLDER, Row, markdown, record
from ssid.data.images import read_rgb
from ssid.data.rain.profiles import PROFILES
from ssid.data.rain.render import render
from ssid.data.splits import evenly_spaced
from ssid.entry import reporting
from ssid.pictures import Picture
from ssid.progress import track

LEVEL = 1
"""Levels by which channels of a gray difference may disagree: both pictures were rounded."""


def main(arguments: list[str] | None = None) -> None:
    """Measure every set and profile, write the result, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with paired/ and clean/")
    parser.add_argument("--limit", type=int, default=50, help="pairs per set (default: 50)")
    parser.add_argument("--output", type=Path, default=FOLDER / "additivity.json")
    options = parser.parse_args(arguments)
    rows = [measure(f"{place}, released", released(options.data, place, options.limit))
            for place in (*HALVES, "rain800")]  # fmt: skip
    rows += [measure(f"`{name}`, rendered", rendered(options.data, name, options.limit))
             for name in PROFILES]  # fmt: skip
    record(options.output, rows, ["ssid", "numpy", "pillow"], limit=options.limit)
    print(table(rows))


def released(data: Path, place: str, limit: int) -> Iterator[tuple[Picture, Picture]]:
    """Yield rainy and clean pictures of a published set."""
    files = evenly_spaced(list_pairs(data, place), limit)
    yield from map(open_pair, track(files, len(files), place))


def rendered(data: Path, profile: str, limit: int) -> Iterator[tuple[Picture, Picture]]:
    """Yield renderings of a profile and the photographs they were made from."""
    files = evenly_spaced(files_in(data / "clean/bsds/test"), limit)
    for seed, file in enumerate(track(files, len(files), profile)):
        clean = read_rgb(file)
        yield render(clean, profile, seed)[0], clean


def measure(name: str, pairs: Iterator[tuple[Picture, Picture]]) -> Row:
    """Return the row of a set: means over its pairs."""
    found = [shares(rainy, clean) for rainy, clean in pairs]
    means = {key: round(fmean(pair[key] for pair in found), 5) for key in found[0]}
    return {"set": name, "pairs": len(found), **means}


def shares(rainy: Picture, clean: Picture) -> dict[str, float]:
    """Return what a pair says of its rain.

    Args:
        rainy: H×W×3 uint8.
        clean: the same shape.

    Returns:
        ``not_darker``: share of pixels with no channel below the clean one; ``darkening``: mean
        levels by which channels that got darker did so, 0 where none; ``gray``: share of gray
        differences among pixels that changed and are not cut off, 1 where there is none.
    """
    difference = rainy.astype(np.int16) - clean
    darker = difference < 0
    counted = (difference != 0).any(axis=-1) & (rainy < 255).all(axis=-1)
    gray = np.ptp(difference, axis=-1)[counted] <= LEVEL
    return {
        "not_darker": float(1 - darker.any(axis=-1).mean()),
        "darkening": float(-difference[darker].mean()) if darker.any() else 0.0,
        "gray": float(gray.mean()) if counted.any() else 1.0,
    }


def table(rows: list[Row]) -> str:
    """Return the results in Markdown."""
    heads = [
        "pairs",
        "pixels not darker",
        "levels darker, where darker",
        "differences that are gray",
    ]
    return markdown(heads, [cells(row) for row in rows])


def cells(row: Row) -> list[str]:
    """Return the cells of a row."""
    shown = [
        row["set"],
        f"{row['not_darker']:.1%}",
        f"{row['darkening']:.1f}",
        f"{row['gray']:.1%}",
    ]
    return [cell.replace("%", " %") for cell in shown]


if __name__ == "__main__":
    with reporting():
        main()
