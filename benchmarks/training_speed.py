"""What training costs beside the network: against bare PyTorch, without a server, as published.

    python -m benchmarks.training_speed

The loops take turns after each step. What a step costs more than the bare one's, and what a record
of curves, a probe of gradients and a checkpoint add to the steps in which they fall, are medians of
the differences within a round; together they give the share at the demo's intervals.
"""

import argparse
import shlex
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.summary import hardware
from benchmarks.training_loops import (
    EVERY,
    NETWORKS,
    STUDENT,
    Place,
    bare,
    demo_params,
    ours,
    prepare_data,
    published,
    published_params,
    unhelpful,
)
from benchmarks.turns import WARM_UP, Loop, Times, take_turns
from ssid.config.load import load_params
from ssid.data.params import DataParams
from ssid.entry import reporting
from ssid.files import write_json
from ssid.tracking import commit
from ssid.training.params import TrainingParams

OUTPUT = Path("benchmarks/results/training_speed.json")
LOOPS = {"ours": None, "published": True, "published, window by columns and rows": False}


class Share(NamedTuple):
    """A median and the half of the samples around it, in % of a step."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:+.1f} % [{self.low:+.1f}, {self.high:+.1f}]"


def share(differences: NDArray[np.float64], step: float) -> Share:
    """Return what differences in s are of a step."""
    return Share(*(float(100 * np.percentile(differences, q) / step) for q in (50, 25, 75)))


def overhead(of: Times, plain: Times, every: Mapping[str, int]) -> dict[str, Any]:
    """Return what a loop costs more than the bare one, in % of the bare one's step.

    Args:
        of: times of the loop.
        plain: times of the bare loop in the same rounds.
        every: intervals at which it would record, probe and save.
    """
    done = np.arange(WARM_UP, WARM_UP + len(of.steps)) + 1
    falls = {
        "log_every": done % EVERY["log_every"] == 0,
        "checkpoint_every": done % EVERY["checkpoint_every"] == 0,
        "probe_every": (done - 1) % EVERY["probe_every"] == 0,
    }
    together = sum(steps.astype(int) for steps in falls.values())
    differences, step = of.steps - plain.steps, float(np.median(plain.steps))
    each = share(differences[together == 0], step)
    alone = {name: differences[steps & (together == 1)] for name, steps in falls.items()}
    once = {name: share(found, step).median - each.median for name, found in alone.items()}
    total = each.median + sum(once[name] / every[name] for name in once)
    return {"each_step": each._asdict(), "once": once, "total": total}


def measure_overhead(place: Place, catalogue: DataParams, rounds: int) -> dict[str, Any]:
    """Time our loop with several stores for its records, and a bare one."""
    params, every = demo_params(), load_params(STUDENT, TrainingParams)
    loop_on = partial(ours, place, catalogue, params)
    with unhelpful() as hung:
        loops: dict[str, Loop] = {
            "bare": partial(bare, place, catalogue, params),
            "no tracking": partial(loop_on, None),
            "SQLite": partial(loop_on, f"sqlite:///{place.folder}/mlflow.db"),
            "nobody listens": partial(loop_on, "http://127.0.0.1:9"),
            "never answers": partial(loop_on, hung),
        }
        times = take_turns(loops, rounds)
    intervals = {name: getattr(every, name) for name in EVERY}
    without = times["no tracking"]
    return {
        "step_ms": {name: 1e3 * float(np.median(found.steps)) for name, found in times.items()},
        "data_wait": float(np.median(without.waited / without.steps)) * 100,
        "intervals": intervals,
        "overhead": {
            name: overhead(found, times["bare"], intervals)
            for name, found in times.items()
            if name != "bare"
        },
        "against_no_tracking": {
            name: share(found.steps - without.steps, float(np.median(without.steps)))._asdict()
            for name, found in times.items()
            if name not in ("bare", "no tracking")
        },
    }


def measure_published(
    place: Place, catalogue: DataParams, network: str, rounds: int
) -> dict[str, Any]:
    """Time our loop and the published one, with the same network, batch and objective."""
    params = published_params(network)
    loops: dict[str, Loop] = {
        name: partial(ours, place, catalogue, params, None)
        if whole_window is None
        else partial(published, network, place, whole_window)
        for name, whole_window in LOOPS.items()
    }
    times = take_turns(loops, rounds)
    ratios = {name: found.steps / times["ours"].steps for name, found in times.items()}
    return {
        "images": params.batch.pairs + params.batch.real,
        "crop": params.batch.patch,
        "loops": {
            name: {
                "step_s": float(np.median(found.steps)),
                "data_wait": 100 * float(np.median(found.waited / found.steps)),
                "times_ours": [float(np.percentile(ratios[name], q)) for q in (50, 25, 75)],
            }
            for name, found in times.items()
        },
    }


def print_tables(report: Mapping[str, Any]) -> None:
    """Print both tables as Markdown."""
    print("| records go to | step, ms | each step | log | checkpoint | probe | in all |")
    print("|---|---|---|---|---|---|---|")
    found = report["overhead"]
    for name, cost in found["overhead"].items():
        once = " | ".join(f"{cost['once'][key]:+.0f} %" for key in EVERY)
        each, step = Share(**cost["each_step"]), found["step_ms"][name]
        print(f"| {name} | {step:.0f} | {each} | {once} | {cost['total']:+.1f} % |")
    print("\n| records go to | step against no tracking |\n|---|---|")
    for name, difference in found["against_no_tracking"].items():
        print(f"| {name} | {Share(**difference)} |")
    print(
        "\n| network | loop | samples/s | waits for data | ours is faster by |"
        "\n|---|---|---|---|---|"
    )
    for network, table in report["published"].items():
        for name, row in table["loops"].items():
            rate, (middle, low, high) = table["images"] / row["step_s"], row["times_ours"]
            faster = "" if name == "ours" else f"{middle:.1f} [{low:.1f}, {high:.1f}]"
            print(f"| {network} | {name} | {rate:.1f} | {row['data_wait']:.1f} % | {faster} |")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, and write them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=400, help="steps against bare PyTorch (400)")
    parser.add_argument("--few", type=int, default=12, help="steps against the published loop (12)")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        place = Place(Path(temporary))
        catalogue = prepare_data(place)
        report = {
            "overhead": measure_overhead(place, catalogue, options.rounds),
            "published": {
                network: measure_published(place, catalogue, network, options.few)
                for network in NETWORKS
            },
        }
    print_tables(report)
    words = ["python", "-m", "benchmarks.training_speed", *(arguments or sys.argv[1:])]
    origin = {"command": shlex.join(words), "commit": commit()}
    machine = {
        "hardware": hardware(),
        "avx512": bool(torch.cpu.get_capabilities().get("avx512_f")),
        "torch": torch.__version__,
        "rounds": {"overhead": options.rounds, "published": options.few},
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    write_json(options.output, origin | machine | report)


if __name__ == "__main__":
    with reporting():
        main()
