"""Quality against time: published peers and the packaged students in one picture.

    python -m benchmarks.pareto --data ../shared/data

PSNR on luma of the halves of Rain100L and Rain100H; published weights are shown on the set that
they were trained for, or on both where nobody says which. The RRG have the figures of a short
training (benchmarks/results/rain_prior_rrg.json, 600 steps on heavy rain); networks that nobody
trained have a latency alone, and are a line. Latency is that of one 512×512 image in eager PyTorch
on one thread, the networks taking turns in one process. What was measured before with the same
weights is kept, so that an interrupted run continues. Writes benchmarks/results/pareto.json and
docs/pareto.svg, and prints the table in Markdown.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import matplotlib as mpl
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.peers import PAIRS, Peer, digest, list_pairs, load_peers, open_pair
from benchmarks.record import markdown
from benchmarks.summary import hardware
from benchmarks.timing import in_turns, spread
from ssid.data.splits import evenly_spaced
from ssid.entry import reporting
from ssid.evaluation.scores import measure
from ssid.files import atomic_write, write_json
from ssid.models import Derainer, create_model
from ssid.progress import track
from ssid.tracking import commit

RESULT = Path("benchmarks/results/pareto.json")
PICTURE = Path("docs/pareto.svg")
HEADS = ("", "ms", "share of `small`", "Rain100L half", "Rain100H half")
REFERENCE = "packaged, small"
TRAINED_FOR = {"Rain100L": ("rain100l",), "Rain100H": ("rain100h",), "Rain1400": ()}
"""Sets on which weights are shown, by the training set that they are named after; else all."""
SIDE = 512

RAIN_PRIOR = Path("benchmarks/results/rain_prior_rrg.json")
BRIEFLY_TRAINED = {
    "RRG 16, 600 steps": ({"channels": 16, "msrbs": 1}, "teacher single"),
    "RRG 8, 600 steps": ({"channels": 8, "msrbs": 1}, "none"),
}
"""Options of a network, and its row of the table of rain-prior distillation."""
UNTRAINED = {"SSID-KD, untrained": "ssid_kd"}

Point = dict[str, Any]


def main() -> None:
    """Measure, write the results, draw them, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of sets and weights")
    parser.add_argument("--limit", type=int, default=None, help="images per set (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="timed passes of each (5)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    peers = {
        name: peer
        for name, peer in load_peers(options.data).items()
        if peer.network is not None and TRAINED_FOR.get(peer.trained_on, PAIRS)
        if "--keep-veil" not in name
    }
    points = qualities(peers, options.data, options.limit) | briefly_trained()
    networks = {name: peer.network for name, peer in peers.items() if peer.network is not None}
    networks |= without_weights()
    points |= {name: {} for name in UNTRAINED}
    for name, seconds in latencies(networks, options.rounds).items():
        points[name] |= seconds
    _write(points, options.limit, rounds=options.rounds)
    draw(points, PICTURE)
    print(markdown(HEADS, list(table(points))))


def qualities(peers: Mapping[str, Peer], data: Path, limit: int | None) -> dict[str, Point]:
    """Return the PSNR of every contestant on its sets; what is measured is written at once."""
    known = json.loads(RESULT.read_text("utf-8")) if RESULT.is_file() else {}
    kept = known.get("points", {}) if known.get("limit") == limit else {}
    points: dict[str, Point] = {}
    for name, peer in peers.items():
        assert peer.network is not None
        weights = digest(peer.network)
        if kept.get(name, {}).get("weights") == weights:
            points[name] = kept[name]
        else:
            points[name] = {"weights": weights, **_quality(name, peer, data, limit)}
            _write(kept | points, limit)
    return points


def _quality(name: str, peer: Peer, data: Path, limit: int | None) -> dict[str, float]:
    found = {}
    for place in TRAINED_FOR.get(peer.trained_on, PAIRS):
        files = list(evenly_spaced(list_pairs(data, place), limit))
        pairs = track(map(open_pair, files), len(files), f"{name}, {place}")
        scores = [measure(peer.derain(rainy), clean, ["psnr"])["psnr_y"] for rainy, clean in pairs]
        found[place] = round(fmean(scores), 4)
    return found


def briefly_trained() -> dict[str, Point]:
    """Return the PSNR that another table has of networks whose weights are not kept."""
    rows = json.loads(RAIN_PRIOR.read_text("utf-8"))["settings"]["heavy"]["rows"]
    means = {
        row["variant"]: round(row["spread"]["mean"], 4)
        for row in rows
        if (row["set"], row["metric"]) == ("benchmark/rain100h", "psnr_y")
    }
    return {
        name: {"rain100h": means[variant], "from": str(RAIN_PRIOR)}
        for name, (_, variant) in BRIEFLY_TRAINED.items()
    }


def without_weights() -> dict[str, Derainer]:
    """Return networks whose latency alone is measured, which no weights change."""
    briefly = {
        name: create_model("rrg", **options).eval()
        for name, (options, _) in BRIEFLY_TRAINED.items()
    }
    return briefly | {name: create_model(of).eval() for name, of in UNTRAINED.items()}


def _write(points: Mapping[str, Point], limit: int | None, **settings: Any) -> None:
    origin = {"commit": commit(), "hardware": hardware(), "limit": limit, **settings}
    write_json(RESULT, {**origin, "points": points})


def latencies(networks: Mapping[str, Derainer], rounds: int) -> dict[str, dict[str, float]]:
    """Return median and quartiles of the seconds of an image, by network."""
    image = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        calls = [lambda network=network: network(image) for network in networks.values()]
        taken = in_turns(calls, rounds)
    return {name: spread(seconds) for name, seconds in zip(networks, taken, strict=True)}


def table(points: Mapping[str, Point]) -> Iterator[list[str]]:
    """Yield the rows of the table in Markdown."""
    reference = points[REFERENCE]["median, s"]
    for name, known in points.items():
        seconds = known["median, s"]
        quality = (f"{known[place]:.2f} dB" if place in known else "" for place in PAIRS)
        yield [name, f"{seconds * 1000:.0f}", f"{seconds / reference:.2f}", *quality]


def frontier(points: Mapping[str, Point], place: str) -> list[str]:
    """Return the networks to which no other is preferable: none as fast is as good."""
    best, kept = float("-inf"), []
    measured = {name: known for name, known in points.items() if place in known}
    for name in sorted(
        measured, key=lambda name: (points[name]["median, s"], -points[name][place])
    ):
        if points[name][place] > best:
            best = points[name][place]
            kept.append(name)
    return kept


def draw(points: Mapping[str, Point], file: Path) -> None:
    """Write the picture, one panel a set; equal points give equal bytes."""
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    for axes, place in zip(figure.subplots(1, len(PAIRS)), PAIRS, strict=True):
        _panel(axes, points, place)
    same_and_as_text = mpl.rc_context({"svg.hashsalt": "pareto", "svg.fonttype": "none"})
    with same_and_as_text, atomic_write(file) as partial:
        figure.savefig(partial, format="svg", metadata={"Date": None})


def _panel(axes: Axes, points: Mapping[str, Point], place: str) -> None:
    best = frontier(points, place)
    axes.set(title=f"Rain{place[4:].upper()}, odd half", xscale="log")
    axes.set(xlabel=f"ms for {SIDE}×{SIDE}, one thread", ylabel="PSNR-Y, dB")
    line = [(1000 * points[name]["median, s"], points[name][place]) for name in best]
    axes.plot(*zip(*line, strict=True), color="tab:blue", linewidth=1)
    for name, known in points.items():
        if not known.keys() & {*PAIRS}:
            _line(axes, name, 1000 * known["median, s"])
        if place not in known:
            continue
        x, y = 1000 * known["median, s"], known[place]
        axes.plot(x, y, "o", color="tab:blue" if name in best else "tab:gray")
        left = x > 1000  # slow ones lie on the right, where the label has no room
        axes.annotate(
            name,
            (x, y),
            xytext=(-6 if left else 6, 5 if _is_top(points, name, place) else -10),
            textcoords="offset points",
            ha="right" if left else "left",
            fontsize=8,
        )
    axes.margins(x=0.15, y=0.12)
    axes.grid(alpha=0.3)


def _is_top(points: Mapping[str, Point], name: str, place: str) -> bool:
    """Return whether nothing better lies where a label would: then it goes above its point."""
    own = points[name]
    return all(
        other[place] <= own[place]
        for other in points.values()
        if place in other and 0.7 < other["median, s"] / own["median, s"] < 5
    )


def _line(axes: Axes, name: str, x: float) -> None:
    """Draw a network that has no quality."""
    axes.axvline(x, color="tab:gray", linewidth=1, linestyle=":")
    top = ("data", "axes fraction")
    axes.annotate(
        name,
        (x, 1),
        xycoords=top,
        xytext=(-3, -4),
        textcoords="offset points",
        rotation=90,
        ha="right",
        va="top",
        fontsize=8,
    )


if __name__ == "__main__":
    with reporting():
        main()
