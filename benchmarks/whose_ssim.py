"""Whose SSIM is whose: the same pairs by this project and by five libraries.

    uv run --with torchmetrics --with kornia --with piq --with pyiqa \
        python -m benchmarks.whose_ssim --data ../shared/data

Takes pairs of the Rain100L test half, whole (481×321 pixels, or upright) and cut to 64×64 in their
middle. The four libraries are needed by this command alone. Writes
benchmarks/results/whose_ssim.json and prints the table in Markdown.
"""

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from skimage.metrics import structural_similarity

from benchmarks.folders import list_pairs, open_pair
from benchmarks.record import FOLDER, Row, markdown, record
from ssid.data.splits import evenly_spaced
from ssid.entry import reporting
from ssid.errors import MissingFileError
from ssid.metrics.fidelity import ssim
from ssid.pictures import Picture, to_tensor
from ssid.progress import track

PEERS = ("torchmetrics", "kornia", "piq", "pyiqa")
SIDE = 64
WANG = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}

Pair = tuple[Picture, Picture]
Ssim = Callable[[Picture, Picture], float]


def main(arguments: list[str] | None = None) -> None:
    """Measure every pair by every library, write the result, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with paired/rain100l")
    parser.add_argument("--limit", type=int, default=10, help="pairs (default: 10)")
    parser.add_argument("--output", type=Path, default=FOLDER / "whose_ssim.json")
    options = parser.parse_args(arguments)
    values = implementations({name: peer(name) for name in PEERS})
    pairs = [open_pair(files) for files in evenly_spaced(
        list_pairs(options.data, "rain100l"), options.limit)]  # fmt: skip
    own = values["`ssid`, colours"]
    rows = [measure(name, values[name], own, pairs) for name in track(values, len(values), "SSIM")]
    record(options.output, rows, ["ssid", "scikit-image", *PEERS], limit=options.limit)
    print(table(rows))


def peer(name: str) -> ModuleType:
    """Return an optional library.

    Raises:
        MissingFileError: if it is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        packages = " ".join(f"--with {peer}" for peer in PEERS)
        message = f"{error.name} is not installed: `uv run {packages} python -m {__spec__.name}`"
        raise MissingFileError(message) from error


def implementations(peers: dict[str, Any]) -> dict[str, Ssim]:
    """Return every implementation by what the table calls it; the first is this project's."""
    judges = {name: peers["pyiqa"].create_metric(name, device="cpu") for name in ("ssim", "ssimc")}
    torchmetrics = import_module("torchmetrics.functional.image")
    kornia, piq = peers["kornia"].metrics.ssim, peers["piq"].ssim
    measure = torchmetrics.structural_similarity_index_measure
    return {
        "`ssid`, colours": lambda a, b: float(ssim(to_tensor(a), to_tensor(b))),
        "`ssid`, luma": lambda a, b: float(ssim(to_tensor(a), to_tensor(b), "y")),
        "scikit-image, Gaussian, biased": lambda a, b: by_skimage(a, b, **WANG),
        "scikit-image as it comes": by_skimage,
        "torchmetrics": on_tensors(lambda a, b: measure(a, b, data_range=1.0)),
        "kornia": on_tensors(lambda a, b: kornia(a, b, 11).mean()),
        'kornia, `padding="valid"`': on_tensors(
            lambda a, b: kornia(a, b, 11, padding="valid").mean()
        ),
        "piq": on_tensors(lambda a, b: piq(a, b, data_range=1.0)),
        "pyiqa `ssim` (its luma)": on_tensors(judges["ssim"]),
        "pyiqa `ssimc` (colours)": on_tensors(judges["ssimc"]),
    }


def by_skimage(estimate: Picture, target: Picture, **options: Any) -> float:
    """Return scikit-image's SSIM of two pictures, H×W×3 uint8."""
    return float(structural_similarity(estimate, target, channel_axis=-1, **options))


def on_tensors(function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> Ssim:
    """Return an SSIM of pictures, H×W×3 uint8, given that of 1×3×H×W tensors in [0, 1]."""
    return lambda a, b: float(function(to_tensor(a)[None], to_tensor(b)[None]))


def measure(name: str, value: Ssim, own: Ssim, pairs: list[Pair]) -> Row:
    """Return the row of an implementation: means over pairs, and differences to this project's."""
    row: Row = {"ssim": name}
    for size, chosen in (("cut", [(middle(a), middle(b)) for a, b in pairs]), ("whole", pairs)):
        found = np.array([value(*pair) for pair in chosen])
        difference = found - [own(*pair) for pair in chosen]
        statistics = (found.mean(), difference.mean(), np.abs(difference).max())
        row[size] = [round(float(number), 5) for number in statistics]
    return row


def middle(picture: Picture) -> Picture:
    """Return the square of ``SIDE`` pixels in the middle of a picture."""
    top, left = ((side - SIDE) // 2 for side in picture.shape[:2])
    return picture[top : top + SIDE, left : left + SIDE]


def table(rows: list[Row]) -> str:
    """Return the results in Markdown: means, mean differences, largest differences of a pair."""
    heads = ["SSIM by", "64×64", "difference", "largest", "481×321", "difference", "largest"]
    return markdown(heads, [cells(row) for row in rows])


def cells(row: Row) -> list[str]:
    """Return the cells of a row."""
    shown = [row["ssim"]]
    for mean, difference, largest in (row["cut"], row["whole"]):
        shown += [f"{mean:.4f}", f"{difference:+.4f}".replace("-", "−"), f"{largest:.4f}"]
    return shown


if __name__ == "__main__":
    with reporting():
        main()
