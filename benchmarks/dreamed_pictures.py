"""What a packaged student dreams of with and without the term of diversity, as a picture.

    python -m benchmarks.dreamed_pictures --data ../shared/data

Rows: clean photographs, and images that began as noise and in which the network now sees them, with
λ_orth = 0 and 0.05 ("Dreaming to Prune", CVPR 2022). Prints L_dream, L_orth and the distance from
the clean images.
"""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from torch import Tensor

from ssid.entry import reporting
from ssid.models import Derainer, load_model
from ssid.pictures import Picture, Row, to_picture, write_rows
from ssid.prune.dreaming import Dream, Dreaming, dream, penultimate
from ssid.prune.images import random_crops, read_pictures

COUNT, SIDE = 4, 128
MAX_BYTES = 150_000
DIVERSITIES = (0.0, Dreaming.diversity)


def main(
    data: Annotated[Path, typer.Option(help="Folder of sets.")],
    model: str = "nano",
    steps: int = 50,
    output: Path = Path("docs/dreams.jpg"),
) -> None:
    """Dream twice of the same photographs, write both, print what they reached."""
    network = load_model(model).requires_grad_(False)
    photographs = read_pictures(data / "clean/bsds/val", COUNT)
    rows: list[Row] = []
    for diversity in DIVERSITIES:
        now = dreamed(network, photographs, steps, diversity)
        rows = rows or [Row("clean", pictures_of(now.clean))]
        rows.append(Row(f"dreamed, diversity {diversity:g}", pictures_of(now.images)))
        found = f"dream {now.dream:.4f}, diversity {now.diversity:.3f}, distance {now.distance:.4f}"
        print(f"diversity {diversity:g}: {found}")
    write_rows(output, rows, MAX_BYTES)


def dreamed(
    network: Derainer, photographs: Sequence[Picture], steps: int, diversity: float
) -> Dream:
    """Return what the network dreams of photographs after so many steps."""
    clean = random_crops(photographs, COUNT, SIDE, 0)
    course = dream(penultimate(network), clean, Dreaming(steps, diversity=diversity))
    return deque(islice(course, steps), maxlen=1)[0]


def pictures_of(images: Tensor) -> list[Picture]:
    """Return images N×3×H×W in [0, 1] as pictures."""
    return [to_picture(image) for image in images]


if __name__ == "__main__":
    with reporting():
        typer.run(main)
