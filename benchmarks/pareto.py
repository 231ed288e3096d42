"""Quality against time: published peers and the packaged students in one picture.

    python -m benchmarks.pareto --data ../shared/data

PSNR on luma of the halves of Rain100L and Rain100H, as `benchmarks.peers` has measured it with the
same weights; published weights are shown on the set that they were trained for, or on both where
nobody says which. Networks of other tables have the figures of a short training on heavy rain;
networks that nobody trained have a latency alone, and are a line. Latency is measured here, as
there. Writes benchmarks/results/pareto.json and docs/pareto.svg, and prints the table in Markdown.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import matplotlib as mpl
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from benchmarks.folders import HALVES
from benchmarks.peers import RESULT as PEERS
from benchmarks.peers import SECONDS, SIDE, Peer, digest, latencies, load_peers, networks_of
from benchmarks.record import markdown
from benchmarks.summary import hardware
from ssid.entry import reporting
from ssid.errors import UserError
from ssid.files import atomic_write, write_json
from ssid.models import Derainer, create_model
from ssid.tracking import commit

RESULT = Path("benchmarks/results/pareto.json")
PICTURE = Path("docs/pareto.svg")
HEADS = ("", "ms", "share of `small`", "Rain100L half", "Rain100H half")
REFERENCE = "packaged, small"
TRAINED_FOR = {"Rain100L": ("rain100l",), "Rain100H": ("rain100h",), "Rain1400": ()}
"""Sets on which weights are shown, by the training set that they are named after; else all."""


class Brief(NamedTuple):
    """A network that another table trained, of which the figures are kept and the weights are not.

    Attributes:
        network: its name.
        options: with which it was made.
        table: the JSON file of the table.
        variant: its row there.
    """

    network: str
    options: Mapping[str, Any]
    table: Path
    variant: str


RESULTS = Path("benchmarks/results")
BRIEFLY_TRAINED = {
    "RRG 16, 600 steps": Brief(
        "rrg", {"channels": 16, "msrbs": 1}, RESULTS / "rain_prior_rrg.json", "teacher single"
    ),
    "RRG 8, 600 steps": Brief(
        "rrg", {"channels": 8, "msrbs": 1}, RESULTS / "rain_prior_rrg.json", "none"
    ),
    "AFR-Net 8, 1500 steps": Brief(
        "afrnet", {"width": 8}, RESULTS / "afrnet.json", "teacher large"
    ),
    "AFR-Net's student 8, 800 steps": Brief(
        "afrnet_student", {"width": 8}, RESULTS / "afrnet.json", "attention-0.2"
    ),
}
UNTRAINED = {"SSID-KD, untrained": "ssid_kd"}

CORNERS: tuple[tuple[Literal["left", "right"], int, int], ...] = (
    ("left", 6, -10),
    ("right", -6, 5),
    ("left", 6, 5),
    ("right", -6, -10),
)
"""Where a label may lie: the side that is at its point, and how far from there in points."""
MARK = 4
"""Half of the side of a point in pixels, with some air."""

Point = dict[str, Any]


def main() -> None:
    """Measure, write the results, draw them, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of sets and weights")
    parser.add_argument("--rounds", type=int, default=5, help="timed passes of each (5)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    peers = load_peers(options.data)
    networks = {
        name: network
        for name, network in networks_of(peers).items()
        if TRAINED_FOR.get(peers[name].trained_on, HALVES)
    }
    points = qualities({name: peers[name] for name in networks}) | briefly_trained()
    networks |= without_weights()
    points |= {name: {} for name in UNTRAINED}
    for name, seconds in latencies(networks, options.rounds).items():
        points[name] |= seconds
    origin = {"commit": commit(), "hardware": hardware(), "rounds": options.rounds}
    write_json(RESULT, {**origin, "points": points})
    draw(points, PICTURE)
    print(markdown(HEADS, list(table(points))))


def qualities(peers: Mapping[str, Peer]) -> dict[str, Point]:
    """Return the PSNR of every contestant on its sets, as `benchmarks.peers` has measured it.

    Raises:
        UserError: if it has not, or with other weights.
    """
    rows = json.loads(PEERS.read_text("utf-8"))["rows"]
    points: dict[str, Point] = {}
    for name, peer in peers.items():
        assert peer.network is not None
        row, places = rows.get(name, {}), TRAINED_FOR.get(peer.trained_on, HALVES)
        if row.get("weights") != digest(peer.network) or not row.keys() >= {*places}:
            raise UserError(
                f"{PEERS}: {name!r} was not measured with these weights on {' and '.join(places)}."
                " Run python -m benchmarks.peers first."
            )
        points[name] = {place: row[place]["psnr_y"] for place in places}
    return points


def briefly_trained() -> dict[str, Point]:
    """Return the PSNR that another table has of networks whose weights are not kept."""
    return {
        name: {"rain100h": mean_of(brief), "from": str(brief.table)}
        for name, brief in BRIEFLY_TRAINED.items()
    }


def mean_of(brief: Brief) -> float:
    """Return the PSNR in dB of a row of another table, the mean over its seeds."""
    rows = json.loads(brief.table.read_text("utf-8"))["settings"]["heavy"]["rows"]
    wanted = (brief.variant, "benchmark/rain100h", "psnr_y")
    (mean,) = (
        row["spread"]["mean"]
        for row in rows
        if (row["variant"], row["set"], row["metric"]) == wanted
    )
    return round(mean, 4)


def without_weights() -> dict[str, Derainer]:
    """Return networks whose latency alone is measured, which no weights change."""
    briefly = {
        name: create_model(brief.network, **brief.options).eval()
        for name, brief in BRIEFLY_TRAINED.items()
    }
    return briefly | {name: create_model(of).eval() for name, of in UNTRAINED.items()}


def table(points: Mapping[str, Point]) -> Iterator[list[str]]:
    """Yield the rows of the table in Markdown."""
    reference = points[REFERENCE][SECONDS]
    for name, known in points.items():
        seconds = known[SECONDS]
        quality = (f"{known[place]:.2f} dB" if place in known else "" for place in HALVES)
        yield [name, f"{seconds * 1000:.0f}", f"{seconds / reference:.2f}", *quality]


def frontier(points: Mapping[str, Point], place: str) -> list[str]:
    """Return the networks to which no other is preferable: none as fast is as good."""
    best, kept = float("-inf"), []
    measured = {name: known for name, known in points.items() if place in known}
    for name in sorted(measured, key=lambda name: (points[name][SECONDS], -points[name][place])):
        if points[name][place] > best:
            best = points[name][place]
            kept.append(name)
    return kept


def draw(points: Mapping[str, Point], file: Path) -> None:
    """Write the picture, one panel a set; equal points give equal bytes."""
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    panels = dict(zip(HALVES, figure.subplots(1, len(HALVES)), strict=True))
    shown = {place: _panel(axes, points, place) for place, axes in panels.items()}
    figure.draw_without_rendering()  # lays the panels out, so that it is known where points lie
    for place, axes in panels.items():
        label_points(axes, shown[place])
    same_and_as_text = mpl.rc_context({"svg.hashsalt": "pareto", "svg.fonttype": "none"})
    with same_and_as_text, atomic_write(file) as partial:
        figure.savefig(partial, format="svg", metadata={"Date": None})


def _panel(axes: Axes, points: Mapping[str, Point], place: str) -> dict[str, tuple[float, float]]:
    """Draw what is known of a set; return the points by name."""
    best = frontier(points, place)
    axes.set(title=f"Rain{place[4:].upper()}, odd half", xscale="log")
    axes.set(xlabel=f"ms for {SIDE}×{SIDE}, one thread", ylabel="PSNR-Y, dB")
    shown = {
        name: (1000 * known[SECONDS], known[place])
        for name, known in points.items()
        if place in known
    }
    axes.plot(*zip(*(shown[name] for name in best), strict=True), color="tab:blue", linewidth=1)
    for name, at in shown.items():
        axes.plot(*at, "o", color="tab:blue" if name in best else "tab:gray")
    for name, known in points.items():
        if not known.keys() & {*HALVES}:
            _line(axes, name, 1000 * known[SECONDS])
    axes.margins(x=0.15, y=0.12)
    axes.grid(alpha=0.3)
    return shown


def label_points(axes: Axes, shown: Mapping[str, tuple[float, float]]) -> None:
    """Write the name of each point beside it, in the first corner where nothing else lies."""
    marks = [axes.transData.transform(at) for at in shown.values()]
    taken = [Bbox([at - MARK, at + MARK]) for at in marks]
    taken += [label.get_window_extent() for label in axes.texts]
    for name, at in shown.items():
        label = axes.annotate(name, at, xytext=(0, 0), textcoords="offset points", fontsize=8)
        for side, right, up in CORNERS:
            label.set_horizontalalignment(side)
            label.xyann = right, up
            box = label.get_window_extent()
            inside = axes.bbox.contains(*box.min) and axes.bbox.contains(*box.max)
            if inside and not box.count_overlaps(taken):
                break
        taken.append(box)


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
