"""Every rain profile over a photograph, as a picture for the documentation.

Run: python -m benchmarks.rain_profiles
"""

from pathlib import Path

import numpy as np
import typer
from skimage import data as photographs
from sklearn.datasets import load_sample_image

from ssid.data.rain.render import PROFILES, render
from ssid.entry import reporting
from ssid.pictures import Picture, Row, write_rows

HEIGHT, WIDTH, COLUMNS = 300, 400, 4
SEED = 4


def main(output: Path = Path("docs/rain.jpg")) -> None:
    """Write one rendering of each profile, those of one row side by side."""
    names = list(PROFILES)
    rows = [names[i : i + COLUMNS] for i in range(0, len(names), COLUMNS)]
    write_rows(output, [Row(", ".join(row), [rendered(name) for name in row]) for row in rows])


def rendered(profile: str) -> Picture:
    """Return a photograph in the rain of a profile."""
    return render(scene(profile), profile, SEED)[0]


def scene(profile: str) -> Picture:
    """Return the photograph under a profile: a rocket at night, or a temple by day."""
    if profile == "night":
        return np.ascontiguousarray(photographs.rocket()[60 : 60 + HEIGHT, 120 : 120 + WIDTH])
    return np.ascontiguousarray(load_sample_image("china.jpg")[60 : 60 + HEIGHT, 120 : 120 + WIDTH])


if __name__ == "__main__":
    with reporting():
        typer.run(main)
