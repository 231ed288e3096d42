"""Published PReNet weights in our network, on the rainy images that they were published for.

    python -m benchmarks.prenet_interop ../shared/data > benchmarks/results/prenet_interop.json

The paper reports 37.48 dB on Rain100L and 29.46 dB on Rain100H, PSNR of the luma Y over the 100
images of each set. The folder holds weights/prenet/<Set>.pth and paired/<set>/{rainy,clean}/ with
equal file names. Images are measured whole and after rounding to 8 bit.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ssid.metrics.fidelity import psnr, ssim
from ssid.models.interop import import_weights

SETS = {"rain100l": "Rain100L.pth", "rain100h": "Rain100H.pth"}


def read(file: Path) -> Tensor:
    """Return an image file as 1×3×H×W, RGB in [0, 1]."""
    pixels = np.asarray(Image.open(file).convert("RGB"))
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None] / 255


@torch.inference_mode()
def measure(weights: Path, images: Path, limit: int | None) -> dict[str, Any]:
    """Return the mean and the single values of the first ``limit`` images of a set."""
    model = import_weights("prenet", weights)
    model.eval()
    each: dict[str, dict[str, float]] = {}
    for file in sorted((images / "rainy").iterdir())[:limit]:
        rainy, clean = read(file), read(images / "clean" / file.name)
        derained = model(rainy)
        values = {
            "psnr_y": psnr(derained, clean, "y").item(),
            "ssim_y": ssim(derained, clean, "y").item(),
            "psnr_rgb": psnr(derained, clean, "rgb").item(),
            "psnr_y_rainy": psnr(rainy, clean, "y").item(),
        }
        each[file.name] = values
        print(images.name, file.name, f"{values['psnr_y']:.2f} dB", file=sys.stderr)
    mean = {name: statistics.fmean(row[name] for row in each.values()) for name in values}
    return {"images": len(each), "mean": mean, "each": each}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with weights/prenet and paired/")
    parser.add_argument("--limit", type=int, default=None, help="images per set (default: all)")
    arguments = parser.parse_args()
    report = {
        name: measure(
            arguments.data / "weights/prenet" / weights,
            arguments.data / "paired" / name,
            arguments.limit,
        )
        for name, weights in SETS.items()
    }
    print(json.dumps({"torch": torch.__version__, "sets": report}, indent=2))


if __name__ == "__main__":
    main()
