"""Training samples per second from prepared data, against decoding the PNG for each sample.

    python -m benchmarks.loader > benchmarks/results/loader.json

Both sides give the same crops as float tensors, on one core. The images are 481×321 pixels, the
size of BSDS500, from which most data sets for deraining are made; each PNG pair is decoded whole
and then cropped, as the loaders of SSID-KD and others do.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ssid.data.params import SyntheticSet
from ssid.data.prepare import prepare
from ssid.data.store.reader import ImageStore
from ssid.training.batches import Batches, cut

PAIRS, PATCH = 16, 100


def make_pairs(folder: Path, count: int) -> None:
    """Write PNG pairs with the entropy of photographs: smooth shapes and some noise."""
    for side in ("rainy", "clean"):
        (folder / side).mkdir(parents=True)
    for i in range(count):
        rng = np.random.default_rng(i)
        coarse = Image.fromarray(rng.integers(0, 256, (24, 36, 3), np.uint8))
        smooth = np.asarray(coarse.resize((481, 321), Image.Resampling.BICUBIC), np.float32)
        clean = smooth + rng.normal(0, 4, smooth.shape)
        rainy = clean + 60 * (rng.random((321, 481, 1)) < 0.05)
        for side, picture in (("rainy", rainy), ("clean", clean)):
            Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / side / f"{i}.png")


def rate(load: Callable[[int], object], seconds: float) -> float:
    """Return pairs per second of ``load``, which gives the batch of a step."""
    load(0)
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        steps += 1
        load(steps)
    return PAIRS * steps / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=40, help="pairs of 481×321 pixels")
    parser.add_argument("--seconds", type=float, default=5, help="time for each measurement")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        source, prepared = Path(temporary) / "png", Path(temporary) / "prepared"
        make_pairs(source, arguments.images)
        prepare("synthetic", "set", SyntheticSet(root=str(source), layout="pairs"), prepared, 1)
        store = ImageStore(prepared)
        batches = Batches([store], [], pairs=PAIRS, real_count=0, patch=PATCH, seed=0)

        def decode(step: int) -> list[torch.Tensor]:
            patches: dict[str, list[np.ndarray]] = {"rainy": [], "clean": []}
            for k in range(step * PAIRS, (step + 1) * PAIRS):
                crop = batches.pairs.crop(k)
                name = Path(store.records[crop.index].source).name
                for side, found in patches.items():
                    picture = np.asarray(Image.open(source / side / name).convert("RGB"))
                    found.append(cut(picture, crop, PATCH))
            stacks = (torch.from_numpy(np.stack(found)) for found in patches.values())
            return [stack.permute(0, 3, 1, 2).contiguous().float().div_(255) for stack in stacks]

        for ours, theirs in zip(batches[3][:2], decode(3), strict=True):
            assert torch.equal(ours, theirs)
        stored, decoded = (
            rate(batches.__getitem__, arguments.seconds),
            rate(decode, arguments.seconds),
        )
        bytes_png = sum(file.stat().st_size for file in source.rglob("*.png"))
        bytes_stored = sum(file.stat().st_size for file in prepared.rglob("*") if file.is_file())
    report = {
        "pairs_per_s": {"prepared": round(stored), "decoding_png": round(decoded)},
        "speedup": round(stored / decoded, 1),
        "storage": {"png_bytes": bytes_png, "prepared_bytes": bytes_stored},
        "patch": PATCH,
        "images": arguments.images,
    }
    json.dump(report, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
