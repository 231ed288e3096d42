"""How much faster networks are at −40 % MACs, by the multiple that numbers of channels are kept to.

    python -m benchmarks.prune_speed

Speed does not depend on what was learnt, so weights are random and no data is needed. The
original and the pruned network take turns on one thread.
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.prune_parts import SIDE, measure_speedup
from benchmarks.prune_table import MACS
from benchmarks.summary import hardware
from ssid.entry import reporting
from ssid.files import write_json
from ssid.models import create_model
from ssid.progress import track
from ssid.prune.structured import prune_structured
from ssid.tracking import commit

CRITERION = "l1"
MULTIPLES = (1, 8)
NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "RRG, 64 channels": ("rrg", {}),
    "HINet, width 32": ("hinet", {"width": 32}),
    "PReNet": ("prenet", {}),
    "RRG, 16 channels": ("rrg", {"channels": 16, "msrbs": 1}),
    "packaged student": ("hinet", {"width": 6, "norm_levels": []}),
}
OUTPUT = Path("benchmarks/results/prune_speed.json")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all networks, print a table, and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", nargs="+", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--side", type=int, default=SIDE, help=f"of the image in pixels ({SIDE})")
    parser.add_argument("--repeats", type=int, default=30, help="timed passes of each (30)")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    rows = [
        measure(name, multiple, options.side, options.repeats)
        for name in track(options.network, len(options.network), "speed")
        for multiple in MULTIPLES
    ]
    print("| network | multiple | MACs | original, ms | pruned, ms | speed-up |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        times = f"{row['latency_ms']:.0f} | {row['pruned_latency_ms']:.0f} | {row['speedup']:.2f}"
        print(f"| {row['network']} | {row['multiple']} | {row['macs']:.3f} | {times} |")
    words = ["python", "-m", "benchmarks.prune_speed", *(arguments or sys.argv[1:])]
    origin = {"command": shlex.join(words), "commit": commit()}
    settings = {"hardware": hardware(), "torch": torch.__version__, "side": options.side}
    content = origin | settings | {"criterion": CRITERION, "rows": rows}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    write_json(options.output, content)


def measure(network: str, multiple: int, side: int, repeats: int) -> dict[str, Any]:
    """Return the share of MACs that one network keeps, and its latencies."""
    name, options = NETWORKS[network]
    torch.manual_seed(0)
    original = create_model(name, **options).eval().requires_grad_(False)
    pruned = prune_structured(original, MACS, CRITERION, multiple=multiple)
    speed = measure_speedup(original, pruned.model, repeats, side)
    return {"network": network, "multiple": multiple, "macs": pruned.macs, **speed}


if __name__ == "__main__":
    with reporting():
        main()
