"""Published peers by their own weights, and the packaged students, on one table.

    python -m benchmarks.peers --data ../shared/data

Every network removes the rain of the same images: halves of the Rain100L, Rain100H and Rain800 test
sets (PSNR and SSIM on luma), and photographs of real rain with masks of their streaks
(:mod:`ssid.metrics.streaks`). Most peers were trained on the training part of one of these sets,
which the table says. Latency is that of one 512×512 image in eager PyTorch on one thread, all
networks taking turns. What is measured of a peer is kept as long as its weights are the same, so
that an interrupted run continues; `--limit` takes fewer images, `--table` measures nothing. Writes
benchmarks/results/peers.json and prints the table in Markdown, empty where nothing is known yet.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import torch
from scipy.ndimage import median_filter

from benchmarks.folders import HALVES, files_in, list_pairs, open_pair
from benchmarks.record import markdown
from benchmarks.summary import hardware
from benchmarks.timing import in_turns, spread
from ssid.data.images import read_rgb
from ssid.data.splits import evenly_spaced
from ssid.entry import reporting
from ssid.evaluation.scores import measure
from ssid.files import write_json
from ssid.inference import derain
from ssid.inference.veil import keep_veil
from ssid.metrics.efficiency import count_macs, count_parameters
from ssid.metrics.streaks import streak_scores
from ssid.models import Derainer, load_model
from ssid.models.interop import import_weights
from ssid.packaged import SIZES
from ssid.pictures import Picture
from ssid.progress import track
from ssid.tracking import commit

RESULT = Path("benchmarks/results/peers.json")
STREAKS = "spa_masks"
KEEP_VEIL = "--keep-veil"
SETS = (STREAKS, *HALVES, "rain800")
HEADS = (
    *("", "trained on", "parameters", "GMACs at 256²", "ms"),
    *("Rain100L half", "Rain100H half", "Rain800 half"),
    *("AUC of real streaks", "removed inside", "changed outside"),
)
SECONDS = "median, s"
SIDE = 512
"""Height and width in pixels of the image on which latency is measured."""
MEDIAN = 15
"""Width in pixels of the horizontal median, the simplest filter that finds falling streaks."""


TRAINED_ON = {"base": "rendered rain, Rain800"}
"""What packaged students saw beside rendered rain."""


class Peer(NamedTuple):
    """A contestant: what it was trained on, and how it derains a picture.

    Attributes:
        trained_on: training set of the published weights.
        derain: function of a picture H×W×3 uint8 that returns its estimate.
        network: the network, whose size is shown; None for a filter.
    """

    trained_on: str
    derain: Callable[[Picture], Picture]
    network: Derainer | None = None


def main() -> None:
    """Measure what is missing, write the results, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of sets and weights")
    parser.add_argument("--limit", type=int, default=None, help="images per set (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="timed passes of each (5)")
    parser.add_argument("--table", action="store_true", help="print what is known, no more")
    options = parser.parse_args()
    torch.set_num_threads(1)
    known = json.loads(RESULT.read_text("utf-8")) if RESULT.is_file() else {}
    rows = known.get("rows", {}) if known.get("limit") == options.limit else {}
    peers = load_peers(options.data)
    for name, peer in peers.items():
        row = rows[name] = known_of(peer, rows.get(name, {}))
        for place in () if options.table else SETS:
            if place not in row:
                row[place] = measure_peer(
                    f"{name}, {place}", peer, options.data, place, options.limit
                )
                write(rows, options.limit)
    networks = networks_of(peers)
    if not options.table and any(SECONDS not in rows[name] for name in networks):
        for name, seconds in latencies(networks, options.rounds).items():
            rows[name] |= seconds
        write(rows, options.limit)
    print(table({name: rows[name] for name in peers}))


def load_peers(data: Path) -> dict[str, Peer]:
    """Return all contestants by name."""
    peers = {
        "rainy": Peer("nothing", lambda picture: picture),
        f"median 1×{MEDIAN}": Peer("nothing", median),
    }
    for size in SIZES:
        student = of_network(TRAINED_ON.get(size, "rendered rain"), load_model(size))
        peers[f"packaged, {size}"] = student
        peers[f"packaged, {size}, {KEEP_VEIL}"] = keeping_veil(student)
    file = data / "weights" / "sapnet" / "net_latest.pth"
    peers["SAPNet"] = of_network("not said; Rain100H in its slides", import_weights("sapnet", file))
    for name in ("Rain100H", "Rain100L", "Rain1400"):
        file = data / "weights" / "prenet" / f"{name}.pth"
        peers[f"PReNet, {name}"] = of_network(name, import_weights("prenet", file))
    return peers


def networks_of(peers: Mapping[str, Peer]) -> dict[str, Derainer]:
    """Return the networks among contestants, without what is done to their estimates."""
    return {
        name: peer.network
        for name, peer in peers.items()
        if peer.network is not None and KEEP_VEIL not in name
    }


def of_network(trained_on: str, network: Derainer) -> Peer:
    """Return a network as a contestant."""
    network.eval()
    return Peer(trained_on, lambda picture: derain(network, picture), network)


def keeping_veil(peer: Peer) -> Peer:
    """Return a contestant that gives the veil back."""
    return peer._replace(derain=lambda picture: keep_veil(picture, peer.derain(picture)))


def median(picture: Picture) -> Picture:
    """Return the picture under a horizontal median."""
    return median_filter(picture, (1, MEDIAN, 1))


def known_of(peer: Peer, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a contestant: what was measured with the same weights, or its cost."""
    if peer.network is None:
        return {**row, "trained_on": peer.trained_on}
    weights = digest(peer.network)
    if row.get("weights") == weights:
        return dict(row)
    return {
        "trained_on": peer.trained_on,
        "weights": weights,
        "parameters": count_parameters(peer.network),
        "gmacs": round(count_macs(peer.network, 256, 256) / 1e9, 2),
    }


def digest(network: Derainer) -> str:
    """Return what tells weights from others."""
    found = sha256()
    for name, tensor in network.state_dict().items():
        found.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return found.hexdigest()


def latencies(networks: Mapping[str, Derainer], rounds: int) -> dict[str, dict[str, float]]:
    """Return median and quartiles of the seconds of an image, by network."""
    image = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        calls = [lambda network=network: network(image) for network in networks.values()]
        taken = in_turns(calls, rounds)
    return {name: spread(seconds) for name, seconds in zip(networks, taken, strict=True)}


def measure_peer(
    title: str, peer: Peer, data: Path, place: str, limit: int | None
) -> dict[str, float]:
    """Return the means of a contestant's scores on a set."""
    if place == STREAKS:
        scores = list(measure_streaks(title, peer, data / "real" / place, limit))
    else:
        pairs = list(evenly_spaced(list_pairs(data, place), limit))
        opened = track(map(open_pair, pairs), len(pairs), title)
        scores = [measure(peer.derain(rainy), clean, ["psnr", "ssim"]) for rainy, clean in opened]
    return {key: round(fmean(score[key] for score in scores), 4) for key in scores[0]}


def measure_streaks(
    title: str, peer: Peer, folder: Path, limit: int | None
) -> Iterator[dict[str, float]]:
    """Yield the streak scores of photographs of real rain."""
    files = evenly_spaced(files_in(folder / "rainy"), limit)
    for file in track(files, len(files), title):
        rainy, mask = read_rgb(file), read_rgb(folder / "mask" / file.name)[..., 0] > 127
        yield streak_scores(rainy, peer.derain(rainy), mask)._asdict()


def write(rows: Mapping[str, Mapping[str, Any]], limit: int | None) -> None:
    """Write all that is known."""
    origin = {"commit": commit(), "hardware": hardware(), "limit": limit}
    write_json(RESULT, {**origin, "rows": rows})


def table(rows: dict[str, dict[str, Any]]) -> str:
    """Return the results in Markdown."""
    return markdown(HEADS, [[name, row["trained_on"], *cells(row)] for name, row in rows.items()])


def cells(row: dict[str, Any]) -> Iterator[str]:
    """Yield size, quality on pairs, and what is removed of real streaks; empty where unknown."""
    known = "parameters" in row
    yield f"{row['parameters']:,}" if known else ""
    yield f"{row['gmacs']:.2f}" if known else ""
    yield f"{1000 * row[SECONDS]:.0f}" if SECONDS in row else ""
    for place in (*HALVES, "rain800"):
        yield "{psnr_y:.2f} dB, {ssim_y:.3f}".format(**row[place]) if place in row else ""
    for form in ("{streak_auc:.3f}", "{removed_inside:.1f}", "{changed_outside:.1f}"):
        yield form.format(**row[STREAKS]) if STREAKS in row else ""


if __name__ == "__main__":
    with reporting():
        main()
