"""Everything that the model card of the packaged student states: one JSON file and one picture.

    python -m benchmarks.model_card models/student.safetensors --data ../shared/data --package
    python -m benchmarks.model_card ssid/packaged/student.safetensors --data ../shared/data

The first stores the model at half precision as the student of the package, and measures that file;
the second measures again; with `--sets NAME ...` those sets alone, and the rest of the figures
stays as it was. Sets are those of benchmarks/params/data.yaml, photographs of real rain at full
size. Nothing is chosen by hand: of every set of pairs the picture shows the image of median gain
and the one that gains least. The sets are not ours to hand on, so the picture of the card is of
photographs in installed packages; another, of the sets, stays in the folder of runs.
"""

import argparse
import json
import os
import platform
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
import torch

from benchmarks.peers import MEDIAN
from benchmarks.peers import median as median_filtered
from benchmarks.runs import score_set
from benchmarks.sets import load_catalogue, open_place, prepare_missing, prepared_in
from ssid.data.params import DataParams
from ssid.data.splits import evenly_spaced
from ssid.data.store.reader import ImageStore
from ssid.entry import reporting
from ssid.errors import UserError
from ssid.evaluation.protocol import PROTOCOL, describe_set
from ssid.evaluation.results import Score
from ssid.evaluation.scores import RAINY, measure_streaks, summarise
from ssid.files import sha256, write_json
from ssid.inference import derain
from ssid.metrics.efficiency import count_macs, count_parameters, measure_latency
from ssid.models import Derainer, create_model, load_model, save_model
from ssid.pictures import Row, write_rows
from ssid.tracking import commit

PAIRS = ("rain100l", "rain100h", "rain800")
MASKED = ("spa_masks",)
"""Photographs of real rain with masks of their streaks, by which real rain is judged."""
REAL = {"real275": 41, "sirr147": 49}
"""Photographs measured, evenly spaced: every fifth and every third."""
SHOWN = ("light", "heavy", "varied")
"""Sets of pairs on photographs in installed packages, for the picture of the card."""
TOPICS = ("estimates", "psnr_y", "ssim", "streaks", "niqe", "macs", "means")
DERAINED = "derained"
PACKAGED = Path("ssid/packaged/student.safetensors")
RESULT = Path("benchmarks/results/packaged_student.json")
PICTURE = Path("docs/student.jpg")
PICTURE_OF_SETS = "student.jpg"


@dataclass(frozen=True)
class Timing:
    """How latency is measured: the two networks take turns, so that both meet the same machine.

    Attributes:
        sides: of the square images, in pixels.
        rounds: turns of each network.
        repeats: timed passes of the student a round.
        prenet_repeats: timed passes of PReNet a round.
    """

    sides: tuple[int, ...] = (256, 512)
    rounds: int = 3
    repeats: int = 30
    prenet_repeats: int = 5

    def __str__(self) -> str:
        return (
            f"1 thread; the networks take turns in {self.rounds} rounds of {self.repeats} passes"
            f" (PReNet {self.prenet_repeats}) after 1 for warming up; medians over the rounds'"
            " medians and over their quotients"
        )


QUICK = Timing(sides=(32,), rounds=2, repeats=2, prenet_repeats=2)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure a model, print and write what its card states."""
    options = parse(arguments)
    file = options.model
    if options.package:
        file = options.output / PACKAGED
        save_model(file, load_model(options.model), torch.float16)
    network = load_model(file)
    assert network.recipe is not None
    catalogue = load_catalogue(options.data, options.quick)
    if not options.quick:
        catalogue = at_full_size(catalogue)
    if options.sets:
        return measure_again(network, catalogue, options)
    stores = open_sets(catalogue, (*PAIRS, *MASKED), tuple(REAL), options.runs)
    scores = {store: score_set(network, store, DERAINED) for store in stores}
    timing = QUICK if options.quick else Timing()
    command = ["python", "-m", "benchmarks.model_card", *(arguments or sys.argv[1:])]
    report = {
        "command": shlex.join(command),
        "commit": commit(),
        "machine": machine(),
        "protocol": {topic: PROTOCOL[topic] for topic in TOPICS} | {"latency": str(timing)},
        "model": {"file": str(file), "sha256": sha256(file), **network.recipe._asdict()},
        "cost": {"bytes": file.stat().st_size, **cost(network)},
        "latency": latency(network, timing),
        "sets": {store.summary.name: quality(store, scores[store]) for store in stores},
    }
    result = options.output / RESULT
    result.parent.mkdir(parents=True, exist_ok=True)
    write_json(result, report)
    pictures = options.output / PICTURE, options.runs / PICTURE_OF_SETS
    shown = open_sets(load_catalogue(None, options.quick), SHOWN, (), options.runs)
    examples = {store: score_set(network, store, DERAINED) for store in shown}
    write_rows(pictures[0], rows_of_pairs(network, examples))
    write_rows(pictures[1], rows_of_pairs(network, scores) + rows_of_real(network, stores), 10**7)
    print(f"wrote {result}, {pictures[0]} and {pictures[1]}")


def measure_again(network: Derainer, catalogue: DataParams, options: argparse.Namespace) -> None:
    """Measure some of the sets, of pairs or with masks, and replace their figures.

    Raises:
        UserError: if the figures that stay are of another model.
    """
    result = options.output / RESULT
    report = json.loads(result.read_text("utf-8"))
    if report["model"]["sha256"] != sha256(options.model):
        raise UserError(f"{result} is of another model: run this without --sets once.")
    for store in open_sets(catalogue, options.sets, (), options.runs):
        scores = score_set(network, store, DERAINED)
        report["sets"][store.summary.name] = quality(store, scores) | {"commit": commit()}
    report["protocol"] = {topic: PROTOCOL[topic] for topic in TOPICS} | report["protocol"]
    write_json(result, report)
    print(f"wrote {result}")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("model", type=Path, help="model file")
    add("--data", type=Path, required=True, help="folder of the sets")
    add("--package", action="store_true", help=f"make the model {PACKAGED} first")
    add("--sets", nargs="+", choices=(*PAIRS, *MASKED), help="measure these again, and no more")
    add("--quick", action="store_true", help="try the code on two thumbnails of each set")
    add("--runs", type=Path, default=Path("runs/benchmarks"), help="folder of prepared sets")
    add("--output", type=Path, default=Path(), help="root of the files written; default: here")
    return parser.parse_args(arguments)


def open_sets(
    catalogue: DataParams, pairs: Iterable[str], real: Iterable[str], runs: Path
) -> list[ImageStore]:
    """Return sets of a catalogue, prepared: pairs first, then photographs of real rain."""
    places = [*(f"benchmark/{name}" for name in pairs), *(f"real/{name}" for name in real)]
    project = prepared_in(runs, catalogue)
    prepare_missing(project, catalogue, places)
    return [open_place(project, place) for place in places]


def at_full_size(catalogue: DataParams) -> DataParams:
    """Return the catalogue with as many photographs of real rain as are measured, none shrunk."""
    chosen = {
        name: catalogue.real[name].model_copy(update={"limit": limit, "max_side": None})
        for name, limit in REAL.items()
    }
    return catalogue.model_copy(update={"real": {**catalogue.real, **chosen}})


def machine() -> dict[str, Any]:
    """Return what the numbers were computed on."""
    return {
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)),
        "threads": torch.get_num_threads(),
        "device": "cpu",
        "torch": torch.__version__,
    }


def cost(network: Derainer) -> dict[str, Any]:
    """Return the size of the network and its multiply-accumulates at 256×256."""
    gmacs = round(count_macs(network, 256, 256) / 1e9, 4)
    return {"parameters": count_parameters(network), "gmacs": gmacs}


def latency(network: Derainer, timing: Timing) -> dict[str, Any]:
    """Return the latency of the network and of PReNet by the size of the image."""
    prenet = create_model("prenet")
    contestants = {"student": (network, timing.repeats), "prenet": (prenet, timing.prenet_repeats)}
    report = {}
    for side in timing.sides:
        rounds = [
            {
                name: measure_latency(each, side, side, repeats=n, warmup=1, threads=1).median_ms
                for name, (each, n) in contestants.items()
            }
            for _ in range(timing.rounds)
        ]
        medians = {f"{name}_ms": round(median(r[name] for r in rounds), 2) for name in contestants}
        share = round(median(r["student"] / r["prenet"] for r in rounds), 4)
        report[f"{side}x{side}"] = {**medians, "share_of_prenet": share, "rounds": rounds}
    return report


def quality(store: ImageStore, scores: Sequence[Score]) -> dict[str, Any]:
    """Return the means of a set; of pairs how many dB are gained, of masks what a median finds."""
    role, name = store.summary.role, store.summary.name
    report = describe_set(store, scores) | {"files_left_out": store.summary.left_out}
    report |= summarise(scores)[role][name]
    if store.summary.mask:
        report[f"median_1x{MEDIAN}"] = streaks_of_median(store)
    if store.paired:
        gained = gains(scores)
        worst = least(gained)
        report["gain_psnr_y"] = {
            "mean": round(fmean(gained.values()), 4),
            "least": {"image": worst, "gain": round(gained[worst], 4)},
            "images_that_lose": sum(gain < 0 for gain in gained.values()),
        }
    return report


def streaks_of_median(store: ImageStore) -> dict[str, float]:
    """Return what the simplest filter finds of the streaks of a set."""
    found = [measure_streaks(store, i, median_filtered(store.rainy(i))) for i in range(len(store))]
    return {key: round(fmean(scores[key] for scores in found), 4) for key in found[0]}


def gains(scores: Iterable[Score]) -> dict[str, float]:
    """Return by how many dB of PSNR-Y each image of a set gains, in the order of the scores."""
    psnr: dict[str, dict[str, float]] = {RAINY: {}, DERAINED: {}}
    for score in scores:
        if "psnr_y" in score.measures:
            psnr[score.method][score.image] = score.measures["psnr_y"]
    return {image: psnr[DERAINED][image] - value for image, value in psnr[RAINY].items()}


def least(gained: Mapping[str, float]) -> str:
    """Return the image that gains least, or loses most."""
    return min(gained, key=lambda image: gained[image])


def rows_of_pairs(network: Derainer, scores: Mapping[ImageStore, Sequence[Score]]) -> list[Row]:
    """Return of each set of pairs the image of median gain, and the one that gains least."""
    rows = []
    for store in scores:
        if store.paired:
            gained = gains(scores[store])
            ordered = sorted(gained, key=lambda image: gained[image])
            for what, image in (("median", ordered[len(ordered) // 2]), ("worst", ordered[0])):
                name = f"{store.summary.name}, {what} of {len(ordered)} images"
                caption = f"{name}, {gained[image]:+.2f} dB of PSNR-Y"
                rows.append(row(network, store, list(gained).index(image), caption))
    return rows


def rows_of_real(network: Derainer, stores: Iterable[ImageStore]) -> list[Row]:
    """Return four evenly spaced photographs of every set of real rain."""
    return [
        row(network, store, index, f"{store.records[index].name} of {store.summary.name}")
        for store in stores
        if not store.paired
        for index in evenly_spaced(range(len(store)), 4)
    ]


def row(network: Derainer, store: ImageStore, index: int, caption: str) -> Row:
    """Return one image of a set, rainy and derained."""
    rainy = np.asarray(store.rainy(index))
    return Row(f"{caption}: rainy, derained", (rainy, derain(network, rainy)))


if __name__ == "__main__":
    with reporting():
        main()
