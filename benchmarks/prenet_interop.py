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

import torch

from benchmarks.folders import list_pairs, open_tensors
from ssid.entry import reporting
from ssid.metrics.fidelity import psnr, ssim
from ssid.models.interop import import_weights

SETS = {"rain100l": "Rain100L.pth", "rain100h": "Rain100H.pth"}


@torch.inference_mode()
def measure(data: Path, place: str, limit: int | None) -> dict[str, Any]:
    """Return the mean and the single values of the first ``limit`` images of a set."""
    model = import_weights("prenet", data / "weights/prenet" / SETS[place])
    model.eval()
    each: dict[str, dict[str, float]] = {}
    for files in list_pairs(data, place)[:limit]:
        (rainy, clean), name = open_tensors(files), files[0].name
        derained = model(rainy)
        values = {
            "psnr_y": psnr(derained, clean, "y").item(),
            "ssim_y": ssim(derained, clean, "y").item(),
            "psnr_rgb": psnr(derained, clean, "rgb").item(),
            "psnr_y_rainy": psnr(rainy, clean, "y").item(),
        }
        each[name] = values
        print(place, name, f"{values['psnr_y']:.2f} dB", file=sys.stderr)
    mean = {name: statistics.fmean(row[name] for row in each.values()) for name in values}
    return {"images": len(each), "mean": mean, "each": each}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with weights/prenet and paired/")
    parser.add_argument("--limit", type=int, default=None, help="images per set (default: all)")
    arguments = parser.parse_args()
    report = {place: measure(arguments.data, place, arguments.limit) for place in SETS}
    print(json.dumps({"torch": torch.__version__, "sets": report}, indent=2))


if __name__ == "__main__":
    with reporting():
        main()
