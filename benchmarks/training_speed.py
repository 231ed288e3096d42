"""What training costs beside the network: against bare PyTorch, without a server, as published.

    python -m benchmarks.training_speed

The loops take turns after each step. What a step costs more than the bare one's, and what a record
of curves, a probe of gradients and a checkpoint add to the steps in which they fall, are medians of
the differences within a round; together they give the share at the demo's intervals. It comes with
its bootstrap interval over rounds, in the time that passes and in that of the processor.
"""

import argparse
import shlex
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
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
RESAMPLES = 1000
Seconds = NDArray[np.float64]
Draws = NDArray[np.intp]
CLOCKS: Mapping[str, Callable[[Times], Seconds]] = {
    "time": lambda times: times.steps,
    "time of the processor": lambda times: times.processor,
}
"""What is compared: what a person waits for, and what no other work on the machine changes."""
LOOPS = {"ours": None, "published": True, "published, window by columns and rows": False}


class Share(NamedTuple):
    """A median in % of a step, and the interval of 95 % in which it lies if rounds are drawn."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:+.2f} % [{self.low:+.2f}, {self.high:+.2f}]"


def share(measured: Callable[[Draws], float], rounds: int) -> Share:
    """Return what ``measured`` is in % over all rounds, and its interval if they are drawn again.

    Args:
        measured: measure of the rounds of these numbers.
        rounds: number of rounds.
    """
    draw = np.random.default_rng(0)
    again = [measured(draw.integers(0, rounds, rounds)) for _ in range(RESAMPLES)]
    low, high = np.percentile(again, (2.5, 97.5))
    return Share(100 * measured(np.arange(rounds)), 100 * float(low), 100 * float(high))


def difference(of: Seconds, plain: Seconds) -> Share:
    """Return what a loop takes more than another, in % of that, by the median of their rounds."""
    return share(lambda at: float(np.median(of[at] / plain[at])) - 1, len(of))


def overhead(of: Seconds, plain: Seconds, every: Mapping[str, int]) -> dict[str, Any]:
    """Return what a loop takes more than the bare one, in % of the bare one's step.

    Args:
        of: seconds of the loop, by round.
        plain: seconds of the bare loop in the same rounds.
        every: intervals at which it would record, probe and save.
    """
    done = np.arange(WARM_UP, WARM_UP + len(of)) + 1
    falls = {
        "log_every": done % EVERY["log_every"] == 0,
        "checkpoint_every": done % EVERY["checkpoint_every"] == 0,
        "probe_every": (done - 1) % EVERY["probe_every"] == 0,
    }
    together = sum(steps.astype(int) for steps in falls.values())
    more = (of - plain) / np.median(plain)

    def each(at: Draws) -> float:
        return float(np.median(more[at][together[at] == 0]))

    def once(name: str, at: Draws) -> float:
        return float(np.median(more[at][falls[name][at] & (together[at] == 1)])) - each(at)

    def total(at: Draws) -> float:
        return each(at) + sum(once(name, at) / every[name] for name in falls)

    everything = np.arange(len(of))
    return {
        "each_step": share(each, len(of))._asdict(),
        "once": {name: 100 * once(name, everything) for name in falls},
        "total": share(total, len(of))._asdict(),
    }


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
    tracked = {name: found for name, found in times.items() if name != "bare"}
    return {
        "step_ms": {name: 1e3 * float(np.median(found.steps)) for name, found in times.items()},
        "memory_mb": {name: float(found.memory[-1]) / 1e6 for name, found in times.items()},
        "data_wait": waits(times["no tracking"]),
        "intervals": intervals,
        **{
            clock: {
                "against_bare": {
                    name: overhead(seconds(found), seconds(times["bare"]), intervals)
                    for name, found in tracked.items()
                },
                "against_no_tracking": {
                    name: difference(seconds(found), seconds(times["no tracking"]))._asdict()
                    for name, found in tracked.items()
                    if name != "no tracking"
                },
            }
            for clock, seconds in CLOCKS.items()
        },
    }


def waits(times: Times) -> float:
    """Return the share of a step that waits for data, in %."""
    return 100 * float(np.median(times.waited / times.steps))


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
                "data_wait": waits(found),
                "times_ours": [float(np.percentile(ratios[name], q)) for q in (50, 25, 75)],
            }
            for name, found in times.items()
        },
    }


def print_tables(report: Mapping[str, Any]) -> None:
    """Print all tables as Markdown."""
    found = report["overhead"]
    for clock in CLOCKS:
        print(f"\n| {clock}; records go to | step, ms | each step | log | save | probe | in all |")
        print("|---|---|---|---|---|---|---|")
        for name, cost in found[clock]["against_bare"].items():
            once = " | ".join(f"{cost['once'][key]:+.0f} %" for key in EVERY)
            each, total = Share(**cost["each_step"]), Share(**cost["total"])
            print(f"| {name} | {found['step_ms'][name]:.0f} | {each} | {once} | {total} |")
        print(f"\n| {clock}; records go to | step against no tracking |\n|---|---|")
        for name, more in found[clock]["against_no_tracking"].items():
            print(f"| {name} | {Share(**more)} |")
    print("\n| records go to | memory at the peak, MB |\n|---|---|")
    for name, memory in found["memory_mb"].items():
        print(f"| {name} | {memory:.0f} |")
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
