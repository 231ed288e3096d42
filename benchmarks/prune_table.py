"""Pruning at −40 % MACs: subject × criterion × recovery, on halves of the Rain100 test sets.

    python -m benchmarks.prune_table ../shared/data > benchmarks/results/prune_table.json
    python -m benchmarks.prune_table ../shared/data --quick
    python -m benchmarks.prune_table ../shared/data --model student=models/student.safetensors

Subjects are the published PReNets of Rain100L and Rain100H, each on its own benchmark, and model
files given with ``--model``, on Rain100L. The folder holds weights/prenet/<Set>.pth,
paired/<set>/{rainy,clean}/ and clean/bsds/{train,val}/. Images are dreamed from clean/bsds/val. The
ceiling, called ``training rain``, is distilled on rain of the benchmark's kind that is rendered on
clean/bsds/train: the photographs that PReNet was trained on are not at hand.
"""

import argparse
import copy
import json
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from benchmarks.prenet_interop import read
from ssid.data.rain import render
from ssid.metrics.efficiency import measure_latency
from ssid.metrics.fidelity import psnr, ssim
from ssid.models import Derainer, load_model
from ssid.models.interop import import_weights
from ssid.prune.criteria import CRITERIA
from ssid.prune.dreaming import Dream, Dreaming, dream, penultimate
from ssid.prune.images import random_crops, random_noise, read_pictures
from ssid.prune.recovery import recover
from ssid.prune.structured import prune_structured

MACS = 0.6
PUBLISHED = {"rain100l": "Rain100L.pth", "rain100h": "Rain100H.pth"}


@dataclass(frozen=True)
class Size:
    """How much is done: recovery steps, batch, patch, steps per dream, test images, their crop."""

    steps: int
    batch: int
    patch: int
    dream: int
    images: int | None
    side: int | None
    photographs: int | None
    repeats: int


FULL = Size(
    steps=2000, batch=8, patch=96, dream=100, images=None, side=None, photographs=None, repeats=20
)
QUICK = Size(steps=12, batch=2, patch=32, dream=6, images=2, side=96, photographs=4, repeats=3)


class Subject(NamedTuple):
    """A trained network and the benchmark it is measured on."""

    name: str
    benchmark: str
    model: Derainer


def subjects(data: Path, models: list[str], names: list[str]) -> Iterator[Subject]:
    for benchmark, file in PUBLISHED.items():
        name = f"prenet-{benchmark}"
        if name in names or not names:
            model, _ = import_weights("prenet", data / "weights/prenet" / file)
            yield Subject(name, benchmark, model)
    for entry in models:
        name, _, path = entry.partition("=")
        yield Subject(name, "rain100l", load_model(Path(path))[0])


def test_pairs(data: Path, benchmark: str, size: Size) -> list[tuple[Tensor, Tensor]]:
    """Return rainy and clean test images, 1×3×H×W, cut to the size's centre crop."""
    folder, pairs = data / "paired" / benchmark, []
    for file in sorted((folder / "rainy").iterdir())[: size.images]:
        images = read(file), read(folder / "clean" / file.name)
        if size.side is not None:
            top, left = ((length - size.side) // 2 for length in images[0].shape[-2:])
            window = slice(top, top + size.side), slice(left, left + size.side)
            images = images[0][:, :, *window], images[1][:, :, *window]
        pairs.append(images)
    return pairs


@torch.inference_mode()
def quality(model: Derainer, pairs: list[tuple[Tensor, Tensor]], device: torch.device) -> Any:
    """Return the mean PSNR and SSIM of the luma Y and the mean PSNR in RGB, at 8 bit."""
    rows = []
    for rainy, clean in pairs:
        derained = model(rainy.to(device)).cpu()
        values = psnr(derained, clean, "y"), ssim(derained, clean, "y"), psnr(derained, clean)
        rows.append([value.item() for value in values])
    means = [statistics.fmean(column) for column in zip(*rows, strict=True)]
    return dict(zip(("psnr_y", "ssim_y", "psnr_rgb"), means, strict=True))


class Sources:
    """Batches for every kind of recovery of one subject; ``dreams`` is what was dreamed last."""

    def __init__(self, data: Path, subject: Subject, size: Size, device: torch.device) -> None:
        self.subject, self.size, self.device = subject, size, device
        self.clean = read_pictures(data / "clean/bsds/val", size.photographs)
        photographs = read_pictures(data / "clean/bsds/train", size.photographs)
        self.rainy = [
            render(picture, subject.benchmark, seed)[0] for seed, picture in enumerate(photographs)
        ]
        self.last: Dream | None = None

    def kinds(self) -> dict[str, Callable[[], Iterator[Tensor]]]:
        """Return how batches of each kind are made, always the same ones."""
        batch, patch = self.size.batch, self.size.patch
        return {
            "random noise": lambda: self._here(random_noise(batch, patch, 0)),
            "clean images": lambda: self._here(random_crops(self.clean, batch, patch, 0)),
            "dreamed, no diversity": lambda: self._dreamed(0.0),
            "dreamed": lambda: self._dreamed(0.05),
            "training rain": lambda: self._here(random_crops(self.rainy, batch, patch, 0)),
        }

    def _dreamed(self, diversity: float) -> Iterator[Tensor]:
        clean = self._here(random_crops(self.clean, self.size.batch, self.size.patch, 0))
        dreaming = Dreaming(self.size.dream, diversity=diversity)
        for now in dream(penultimate(self.subject.model), clean, dreaming):
            self.last = now
            yield now.images

    def _here(self, batches: Iterator[Tensor]) -> Iterator[Tensor]:
        return (batch.to(self.device) for batch in batches)


def measure(
    data: Path, subject: Subject, criteria: list[str], multiple: int, size: Size
) -> dict[str, Any]:
    """Return everything that the table says of one subject."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    original = subject.model.eval().requires_grad_(False).to(device)
    pairs = test_pairs(data, subject.benchmark, size)
    sources = Sources(data, subject, size, device)
    before = quality(original, pairs, device)
    report: dict[str, Any] = {"benchmark": subject.benchmark, "original": before, "criteria": {}}
    for criterion in criteria:
        pruned = prune_structured(original, MACS, criterion, multiple=multiple)
        times = [
            measure_latency(copy.deepcopy(m).cpu(), 256, 256, repeats=size.repeats, warmup=1)
            for m in (original, pruned.model)
        ]
        rows = {"none": quality(pruned.model, pairs, device)}
        for kind, images in sources.kinds().items():
            student = copy.deepcopy(pruned.model).requires_grad_(True)
            *_, last = recover(student, original, images(), size.steps)
            rows[kind] = {**quality(student.eval(), pairs, device), "l_kd": last.loss}
            if kind.startswith("dreamed") and sources.last is not None:
                now = sources.last
                rows[kind] |= {"l_dream": now.dream, "l_orth": now.diversity, "x_y": now.distance}
            print(subject.name, criterion, kind, f"{rows[kind]['psnr_y']:.2f}", file=sys.stderr)
        report["criteria"][criterion] = {
            "macs": pruned.macs,
            "speedup": times[0].median_ms / times[1].median_ms,
            "recovery": rows,
            "lost_db": before["psnr_y"] - rows["dreamed"]["psnr_y"],
            "share_of_ceiling": _share(rows),
        }
    return report


def _share(rows: dict[str, dict[str, float]]) -> float | None:
    """Return which part of what the ceiling recovers dreaming recovers; None if that is nothing."""
    none, dreamed, ceiling = (rows[k]["psnr_y"] for k in ("none", "dreamed", "training rain"))
    return (dreamed - none) / (ceiling - none) if ceiling > none else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with weights/, paired/ and clean/")
    parser.add_argument("--quick", action="store_true", help="a smoke test: numbers mean little")
    parser.add_argument("--model", action="append", default=[], help="NAME=FILE.safetensors")
    parser.add_argument("--subject", action="append", default=[], help="published subjects only")
    parser.add_argument("--criterion", action="append", choices=list(CRITERIA), default=[])
    parser.add_argument("--steps", type=int, default=None, help="recovery steps")
    parser.add_argument("--multiple", type=int, default=1, help="of the channels that remain")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    if arguments.steps is not None:
        size = Size(**{**vars(size), "steps": arguments.steps})
    criteria = arguments.criterion or (["lamp"] if arguments.quick else list(CRITERIA))
    report = {
        subject.name: measure(arguments.data, subject, criteria, arguments.multiple, size)
        for subject in subjects(arguments.data, arguments.model, arguments.subject)
    }
    settings = {
        "macs": MACS,
        "multiple": arguments.multiple,
        **vars(size),
        "torch": torch.__version__,
    }
    print(json.dumps({"settings": settings, "subjects": report}, indent=2))


if __name__ == "__main__":
    main()
