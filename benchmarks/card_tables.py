"""The tables of the card of the packaged students, all sizes side by side.

    python -m benchmarks.card_tables

Prints in Markdown what :mod:`benchmarks.model_card` has measured of each size.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.latency import REFERENCE
from benchmarks.record import FOLDER, markdown
from ssid.entry import reporting
from ssid.packaged import DEFAULT, SIZES

PAIRS = {
    "rain100l": "Rain100L, odd half",
    "rain100h": "Rain100H, odd half",
    "rain800": "Rain800 test, odd half",
}
MASKED, MEDIAN = "spa_masks", "median_1x15"
REAL = {"real275": "Real-275", "sirr147": "SIRR"}
SIDES = (256, 512)

STREAKS = (
    "real rain with masks",
    "area under the ROC curve",
    "removed in streaks",
    "changed elsewhere",
)

Reports = Mapping[str, Mapping[str, Any]]


def main() -> None:
    """Print the tables."""
    print(tables(read_reports()))


def read_reports(folder: Path = FOLDER) -> Reports:
    """Return what was measured of each packaged size."""
    files = {size: folder / f"packaged_{size}.json" for size in SIZES}
    return {size: json.loads(file.read_text("utf-8")) for size, file in files.items()}


def tables(reports: Reports) -> str:
    """Return pairs, real rain with and without masks, and cost in Markdown."""
    return "\n\n".join(
        [
            markdown(["pairs", "images", "rainy", *reports], list(pairs(reports))),
            markdown([*STREAKS], list(streaks(reports))),
            markdown(["real rain", "photographs", "rainy", *reports], list(real(reports))),
            markdown(["cost", *reports], list(cost(reports))),
        ]
    )


def pairs(reports: Reports) -> Iterator[list[str]]:
    """Yield PSNR and SSIM of each set of pairs, and how many of its images lose."""
    for name, title in PAIRS.items():
        sets = [report["sets"][name] for report in reports.values()]
        rainy = _fidelity(sets[0]["rainy"])
        cells = [f"{_fidelity(each['derained'])}, {_losers(each)}" for each in sets]
        yield [title, str(sets[0]["images"]), rainy, *cells]


def streaks(reports: Reports) -> Iterator[list[str]]:
    """Yield what each size, and a median filter, removes of streaks that are known."""
    for size, report in reports.items():
        yield [f"`{size}`", *_streaks(report["sets"][MASKED]["derained"])]
    of_median = reports[DEFAULT]["sets"][MASKED][MEDIAN]
    yield ["median filter of 1×15 pixels", *_streaks(of_median)]


def real(reports: Reports) -> Iterator[list[str]]:
    """Yield NIQE and sharpness of each set of real rain."""
    for name, title in REAL.items():
        sets = [report["sets"][name] for report in reports.values()]
        cells = [
            _reference_free(each) for each in (sets[0]["rainy"], *(s["derained"] for s in sets))
        ]
        yield [f"{title}: NIQE, sharpness", str(sets[0]["images"]), *cells]


def cost(reports: Reports) -> Iterator[list[str]]:
    """Yield size and time."""
    costs = [report["cost"] for report in reports.values()]
    yield ["parameters", *(f"{each['parameters']:,}" for each in costs)]
    yield ["bytes in the package", *(f"{each['bytes']:,}" for each in costs)]
    yield ["GMACs at 256×256", *(f"{each['gmacs']:.2f}" for each in costs)]
    for side in SIDES:
        times = [report["latency"][f"{side}x{side}"] for report in reports.values()]
        yield [f"ms at {side}×{side}, one CPU thread", *(f"{t['student_ms']:.0f}" for t in times)]
        shares = [t.get(f"share_of_{REFERENCE}", 1) for t in times]
        yield [f"share of `{REFERENCE}` at {side}×{side}", *(f"{share:.2f}" for share in shares)]
        shares = [t["share_of_prenet"] for t in times]
        yield [f"share of PReNet at {side}×{side}", *(f"{share:.3f}" for share in shares)]


def _fidelity(measured: Mapping[str, float]) -> str:
    return f"{measured['psnr_y']:.2f} dB, {measured['ssim_y']:.3f}"


def _streaks(measured: Mapping[str, float]) -> list[str]:
    inside, outside = measured["removed_inside"], measured["changed_outside"]
    return [f"{measured['streak_auc']:.3f}", f"{inside:.1f}", f"{outside:.1f}"]


def _losers(measured: Mapping[str, Any]) -> str:
    return f"{measured['gain_psnr_y']['images_that_lose']} lose"


def _reference_free(measured: Mapping[str, float]) -> str:
    return f"{measured['niqe']:.2f}, {measured['sharpness']:.1f}"


if __name__ == "__main__":
    with reporting():
        main()
