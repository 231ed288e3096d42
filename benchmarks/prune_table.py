"""Pruning at −40 % MACs: subject × unit × criterion × recovery, on halves of the Rain100 test sets.

    python -m benchmarks.prune_table ../shared/data --published rain100l rain100h
    python -m benchmarks.prune_table ../shared/data --model student=models/student.safetensors

Subjects are published PReNets, each on its own set, and model files, on both. The folder holds
weights/prenet/<Set>.pth, paired/<set>/{rainy,clean}/ and clean/bsds/{train,val}/. Every row is
written when it is measured, and rows that are there with the same settings are not measured again,
so the same command continues an interrupted table, and another adds subjects to it.
"""

import argparse
import json
import shlex
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from benchmarks.prenet_interop import SETS
from benchmarks.prune_parts import (
    RECOVERIES,
    Pairs,
    Size,
    Sources,
    Subject,
    measure_speedup,
    own,
    published,
    quality,
    test_pairs,
)
from benchmarks.summary import hardware
from ssid.entry import reporting
from ssid.files import write_json
from ssid.models import Derainer
from ssid.progress import track
from ssid.prune.criteria import CRITERIA
from ssid.prune.pruned import Pruned
from ssid.prune.recovery import recover
from ssid.prune.rounds import Unit, prune_in_rounds
from ssid.tracking import commit

MACS = 0.6
NONE, DREAMED, CEILING = "none", "dreamed", "training rain"
OUTPUT = Path("benchmarks/results/prune_table.json")

FULL = Size(
    steps=2000,
    rounds=1,
    batch=8,
    patch=96,
    dream=50,
    photographs=None,
    images=None,
    side=None,
    repeats=30,
)
QUICK = replace(
    FULL,
    steps=3,
    rounds=2,
    batch=4,
    patch=32,
    dream=3,
    photographs=4,
    images=2,
    side=96,
    repeats=10,
)
GIVEN = ("steps", "rounds", "batch", "patch", "images")
Record = dict[str, Any]


class Table:
    """The measured rows, in a JSON file that is written after each of them."""

    def __init__(self, path: Path, command: str) -> None:
        self.path, self.command = path, command
        self.subjects: dict[str, Record] = {}
        if path.is_file():
            self.subjects = json.loads(path.read_text("utf-8"))["subjects"]

    def subject(self, name: str, settings: Record) -> Record:
        """Return the record of a subject: what was measured with these settings, or a new one."""
        known = self.subjects.get(name)
        if known is None or known["settings"] != settings:
            origin = {"command": self.command, "commit": commit(), "hardware": hardware()}
            known = {**origin, "settings": settings, "original": None, "cuts": []}
            self.subjects[name] = known
        return known

    def write(self) -> None:
        """Write everything that is known."""
        content = {"macs": MACS, "torch": torch.__version__, "subjects": self.subjects}
        write_json(self.path, content)


class Bench(NamedTuple):
    """One subject with all that its rows are measured with."""

    subject: Subject
    pairs: dict[str, Pairs]
    sources: Sources
    size: Size
    lr: float
    multiple: int
    whole: Sequence[str]
    seed: int

    def settings(self) -> Record:
        """Return what decides the rows, for the file."""
        whole = {"whole": list(self.whole)} if self.whole else {}
        seed = {"seed": self.seed} if self.seed else {}
        return {**asdict(self.size), "lr": self.lr, "multiple": self.multiple, **whole, **seed}

    def measure(self, model: Derainer) -> dict[str, dict[str, float]]:
        """Return the quality of a network on every test set."""
        return {name: quality(model, images) for name, images in self.pairs.items()}

    def costs(self, pruned: Pruned[Derainer], unit: Unit) -> dict[str, float]:
        """Return the share of MACs that remains, and the speed-up; zeros alone save no time."""
        costs = {"macs": pruned.macs}
        if unit == "filters":
            costs |= measure_speedup(self.subject.model, pruned.model, self.size.repeats)
        return costs

    def recovered(self, unit: Unit, criterion: str, row: str) -> Pruned[Derainer]:
        """Return the subject at ``MACS``, after one of ``RECOVERIES`` in each round, or none."""
        cuts = prune_in_rounds(
            self.subject.model,
            MACS,
            self.size.rounds,
            unit,
            criterion,
            multiple=self.multiple,
            whole=self.whole,
        )
        batches = self.sources.batches(row) if row != NONE else None
        for number, pruned in enumerate(cuts, start=1):
            if batches:
                self.recover(pruned, batches, f"{self.subject.name}, {unit}, {row}, {number}")
            pruned.model.requires_grad_(False)
        return pruned

    def recover(self, pruned: Pruned[Derainer], batches: Iterator[Tensor], title: str) -> None:
        """Distil the subject into its pruned copy."""
        student, steps = pruned.model.requires_grad_(True), self.size.steps
        course = recover(
            student, self.subject.model, batches, steps, lr=self.lr, masks=pruned.masks
        )
        deque(track(course, steps, title), maxlen=0)


def work_through(bench: Bench, table: Table, options: argparse.Namespace) -> None:
    """Measure what is missing of one subject."""
    name = bench.subject.name
    record = table.subject(name, bench.settings())
    record["original"] = record["original"] or bench.measure(bench.subject.model)
    for unit, criterion in product(options.unit, options.criterion):
        cut = find(record["cuts"], unit, criterion)
        for row in (NONE, *options.recovery):
            if row not in cut["rows"]:
                pruned = bench.recovered(unit, criterion, row)
                if "macs" not in cut:
                    cut |= bench.costs(pruned, unit)
                cut["rows"][row] = bench.measure(pruned.model)
                table.write()


def find(cuts: list[Record], unit: Unit, criterion: str) -> Record:
    """Return the record of one way to cut, a new one if there is none."""
    for cut in cuts:
        if (cut["unit"], cut["criterion"]) == (unit, criterion):
            return cut
    cuts.append({"unit": unit, "criterion": criterion, "rows": {}})
    return cuts[-1]


def markdown(table: Table) -> Iterator[str]:
    """Yield the lines of the table: PSNR-Y, a row for each cut and set.

    ``lost`` is what the dreamed network loses against its original, ``share`` the part that it
    recovers of what the ceiling recovers.
    """
    columns = ("original", NONE, *RECOVERIES)
    yield f"| subject | unit | criterion | set | {' | '.join(columns)} | lost | share | speed-up |"
    yield "|" + "---|" * (len(columns) + 7)
    for name, record in table.subjects.items():
        for cut in record["cuts"]:
            rows = {"original": record["original"], **cut["rows"]}
            for place in record["original"]:
                found = {row: values[place]["psnr_y"] for row, values in rows.items()}
                cells = [f"{found[row]:.2f}" if row in found else "" for row in columns]
                speed = f"{cut['speedup']:.2f}" if "speedup" in cut else ""
                head = (name, cut["unit"], cut["criterion"], place)
                yield f"| {' | '.join((*head, *cells, *verdict(found), speed))} |"


def verdict(found: dict[str, float]) -> tuple[str, str]:
    """Return the dB that the dreamed network loses, and its share of the ceiling's recovery."""
    if DREAMED not in found:
        return "", ""
    lost = f"{found['original'] - found[DREAMED]:.2f}"
    if CEILING not in found or found[CEILING] <= found[NONE]:
        return lost, ""
    share = (found[DREAMED] - found[NONE]) / (found[CEILING] - found[NONE])
    return lost, f"{share:.0%}"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("data", type=Path, help="folder with weights/, paired/ and clean/")
    add("--published", nargs="+", choices=list(SETS), default=[], help="published PReNets")
    add("--model", action="append", default=[], help="NAME=FILE.safetensors")
    add("--unit", nargs="+", choices=("filters", "weights"), default=["filters"])
    add("--criterion", nargs="+", choices=list(CRITERIA), default=list(CRITERIA))
    add("--recovery", nargs="*", choices=RECOVERIES, default=list(RECOVERIES))
    add("--lr", type=float, default=1e-4, help="of the recovery (1e-4, as published)")
    add("--multiple", type=int, default=1, help="of the channels that remain")
    add("--whole", nargs="+", default=[], help="layers that are not cut, such as 'cell.*'")
    add("--seed", type=int, default=0, help="of the images to learn from (0)")
    for name in GIVEN:
        add(f"--{name}", type=int, help=f"default: {getattr(FULL, name) or 'all'}")
    add("--quick", action="store_true", help="try the code; the numbers mean nothing")
    add("--output", type=Path, default=OUTPUT)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the table, write it after every row, print it in the end."""
    options = parse(arguments)
    given = {name: getattr(options, name) for name in GIVEN}
    size = replace(
        QUICK if options.quick else FULL, **{k: v for k, v in given.items() if v is not None}
    )
    words = ["python", "-m", "benchmarks.prune_table", *(arguments or sys.argv[1:])]
    table = Table(options.output, shlex.join(words))
    subjects = [published(options.data, name) for name in options.published]
    for subject in subjects + [own(entry) for entry in options.model]:
        subject.model.eval().requires_grad_(False)
        pairs = {name: test_pairs(options.data, name, size) for name in subject.sets}
        sources = Sources(options.data, subject, size, options.seed)
        how = (options.lr, options.multiple, options.whole, options.seed)
        bench = Bench(subject, pairs, sources, size, *how)
        work_through(bench, table, options)
    print("\n".join(markdown(table)))


if __name__ == "__main__":
    with reporting():
        main()
