"""How long a packaged student takes beside PReNet and beside the first of them, `small`."""

from dataclasses import dataclass
from statistics import median
from typing import Any

from ssid.metrics.efficiency import measure_latency
from ssid.models import Derainer, create_model, load_model
from ssid.packaged import Size, packaged_student

REFERENCE: Size = "small"
"""Packaged student whose time is the unit."""


@dataclass(frozen=True)
class Timing:
    """How latency is measured: the networks take turns, so that all meet the same machine.

    Attributes:
        sides: of the square images, in pixels.
        rounds: turns of each network.
        repeats: timed passes of the student, and of the reference, a round.
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


def latency(network: Derainer, timing: Timing, size: Size) -> dict[str, Any]:
    """Return the latency of the network and of others by the size of the image."""
    prenet = create_model("prenet"), timing.prenet_repeats
    contestants = {"student": (network, timing.repeats), "prenet": prenet}
    if size != REFERENCE:
        contestants[REFERENCE] = load_model(packaged_student(REFERENCE)), timing.repeats
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
        shares = {
            f"share_of_{name}": round(median(r["student"] / r[name] for r in rounds), 4)
            for name in contestants
            if name != "student"
        }
        report[f"{side}x{side}"] = {**medians, **shares, "rounds": rounds}
    return report
