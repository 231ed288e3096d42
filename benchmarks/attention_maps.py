"""Where AFR-Net and its students look, as a picture for the documentation.

    python -m benchmarks.attention_maps TEACHER STUDENT ... --data ../shared/data

Model files of `afrnet` and `afrnet_student`, the teacher first: `benchmarks.ablation afrnet` leaves
them in the folders that benchmarks/results/afrnet.json names. Each row is a picture of the Rain100H
half: rainy, the pixels that rain changed (what the teacher's mask learns), the teacher's mask, and
for every network the energy of its finest refined features, which the term `attention` compares.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import Tensor

from benchmarks.folders import list_pairs, open_pair
from ssid.data.splits import evenly_spaced
from ssid.entry import reporting
from ssid.errors import UserError
from ssid.models import Derainer, load_model
from ssid.models.afrnet import rain_mask
from ssid.objective.attention import attention_map
from ssid.pictures import Picture, Row, to_picture, to_tensor, write_rows

BRIGHTEST = 0.99
"""Quantile of a map that is shown as white: single pixels have much more energy than all others."""


def main(
    models: list[Path],
    data: Annotated[Path, typer.Option(help="Folder of sets.")],
    output: Path = Path("docs/afrnet_attention.jpg"),
    images: int = 3,
) -> None:
    """Write a row of maps for each of so many pictures."""
    networks = [load_model(path) for path in models]
    for path, network in zip(models, networks, strict=True):
        check(path, network)
    pairs = map(open_pair, evenly_spaced(list_pairs(data, "rain100h"), images))
    names = "rainy · where it rains · the teacher's mask · attention of the teacher"
    caption = names + " and the students" * (len(models) > 1)
    rows = [
        Row(caption, list(maps(networks, to_tensor(rainy), to_tensor(clean))))
        for rainy, clean in pairs
    ]
    write_rows(output, rows)


def check(path: Path, network: Derainer) -> None:
    """Refuse a network that has no pyramid of refined features and no mask.

    Raises:
        UserError: if it is no AFR-Net.
    """
    with torch.inference_mode():
        features = network.encode(torch.zeros(1, 3, 64, 64))
    if not (features.levels and features.side):
        raise UserError(f"{path}: found another network, expected afrnet or afrnet_student.")


@torch.inference_mode()
def maps(networks: list[Derainer], rainy: Tensor, clean: Tensor) -> Iterator[Picture]:
    """Yield the pictures of a row, from images 3×H×W in [0, 1]."""
    rainy, clean = rainy[None], clean[None]
    features = [network.encode(rainy) for network in networks]
    yield to_picture(rainy[0])
    yield as_gray(rain_mask(rainy, clean))
    yield as_gray(features[0].side[0].clamp(0, 1))
    for found in features:
        energy = attention_map(found.levels[0])
        yield as_gray((energy / energy.quantile(BRIGHTEST)).clamp(0, 1))


def as_gray(image: Tensor) -> Picture:
    """Return a map 1×1×H×W in [0, 1] as a picture."""
    return to_picture(image[0].expand(3, -1, -1))


if __name__ == "__main__":
    with reporting():
        typer.run(main)
