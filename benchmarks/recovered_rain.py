"""How well the rain of hidden profiles is recovered: the table of recovered parameters.

    uv run python benchmarks/recovered_rain.py FOLDER CLEAN    # minutes on one CPU core

Rain of profiles that the fit is not told is rendered on the photographs of FOLDER, one rendering
each, and fitted with the photographs of CLEAN as ground; both are folders of clean photographs that
the reader has not seen. Beside the profiles of the package there are random ones, of seeds that
the reader has not seen either.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Annotated, NamedTuple

import torch
import typer

from ssid.data.images import read_rgb
from ssid.data.rain.fit import fit_rain
from ssid.data.rain.params import FitParams
from ssid.data.rain.prior import random_profile
from ssid.data.rain.profiles import PROFILES, RainLayer, RainProfile, sample_rain
from ssid.data.rain.reader import load_reader
from ssid.data.rain.render import render
from ssid.entry import reporting
from ssid.pictures import Picture
from ssid.progress import track

DRAWS = 600
HIDDEN_SEED = 9_000_000


class Goal(NamedTuple):
    """The largest error allowed, as a share of the true value or in its unit."""

    error: float
    relative: bool


GOALS = {
    "direction": Goal(5, False),
    "length": Goal(0.25, True),
    "width": Goal(0.2, True),
    "coverage": Goal(0.3, True),
    "brightness": Goal(0.06, False),
    "veil": Goal(0.04, False),
}


def means(profile: RainProfile) -> dict[str, float]:
    """Return the means over images, or over their layers, in the order of GOALS."""
    drawn = [sample_rain(profile, seed) for seed in range(DRAWS)]

    def of_layers(value: Callable[[RainLayer], float]) -> float:
        return fmean(value(layer) for rain in drawn for layer in rain.layers)

    return {
        "direction": of_layers(lambda layer: layer.angle_degrees),
        "length": of_layers(lambda layer: layer.length_px),
        "width": of_layers(lambda layer: layer.width_px),
        "coverage": fmean(sum(map(_covered, rain.layers)) for rain in drawn),
        "brightness": of_layers(lambda layer: layer.brightness),
        "veil": fmean(1 - rain.transmission for rain in drawn),
    }


def _covered(layer: RainLayer) -> float:
    return layer.density * layer.length_px * layer.width_px


def error(name: str, true: float, found: float) -> float:
    """Return the error in the unit of the goal."""
    return found / true - 1 if GOALS[name].relative else found - true


def row(name: str, true: RainProfile, found: RainProfile) -> str:
    """Return a line of the table; what misses its goal is bold."""
    expected, got = means(true), means(found)
    cells = []
    for key, goal in GOALS.items():
        off = error(key, expected[key], got[key])
        text = f"{expected[key]:.3g} → {got[key]:.3g}"
        cells.append(text if abs(off) <= goal.error else f"**{text}**")
    return f"| {name} | {' | '.join(cells)} |"


def _photographs(folder: Path, limit: int) -> Sequence[Picture]:
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in (".jpg", ".png"))
    return [read_rgb(file) for file in files[:: max(1, len(files) // limit)]][:limit]


def main(
    folder: Annotated[Path, typer.Argument(help="Photographs to render hidden rain on.")],
    clean: Annotated[Path, typer.Argument(help="Clean photographs to fit with.")],
    photographs: Annotated[int, typer.Option(help="How many of each are used.")] = 50,
    hidden: Annotated[int, typer.Option(help="Number of random profiles.")] = 8,
) -> None:
    """Print the table in Markdown."""
    torch.set_num_threads(1)
    params = FitParams(photographs=photographs, crops=100, rounds=5, renderings=1)
    scenes, ground = _photographs(folder, photographs), _photographs(clean, photographs)
    random = {f"random {n + 1}": random_profile(HIDDEN_SEED + n) for n in range(hidden)}
    profiles = {name: PROFILES[name] for name in PROFILES} | random
    reader = load_reader()
    typer.echo(f"| profile | {' | '.join(GOALS)} |\n|---{'|---' * len(GOALS)}|")
    for name, profile in track(profiles.items(), len(profiles), "fit"):
        rainy = [render(scene, profile, seed)[0] for seed, scene in enumerate(scenes)]
        typer.echo(row(name, profile, fit_rain(rainy, ground, reader, params).profile))


if __name__ == "__main__":
    with reporting():
        typer.run(main)
