"""The picture in README.md: an image of the demo's benchmark, rainy, derained and clean.

Run: python -m benchmarks.demo_picture "evaluation/pictures/benchmark/demo/skimage/chelsea.png#1"
"""

from pathlib import Path

import typer
from PIL import Image

from ssid.data.images import read_rgb
from ssid.entry import reporting

METHODS = ("rainy", "student", "clean")


def main(folder: Path, output: Path = Path("docs/demo.jpg"), width: int = 400) -> None:
    """Write the pictures of one evaluated image side by side, ``width`` pixels each."""
    pictures = [Image.fromarray(read_rgb(folder / f"{method}.png")) for method in METHODS]
    height = round(pictures[0].height * width / pictures[0].width)
    row = Image.new("RGB", (width * len(pictures), height))
    for place, picture in enumerate(pictures):
        row.paste(picture.resize((width, height), Image.Resampling.LANCZOS), (place * width, 0))
    output.parent.mkdir(parents=True, exist_ok=True)
    row.save(output, quality=88)


if __name__ == "__main__":
    with reporting():
        typer.run(main)
