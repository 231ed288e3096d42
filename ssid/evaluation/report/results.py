"""What the evaluation left behind, read back for the page."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssid.errors import UserError
from ssid.evaluation.results import Measures, read_scores

RAINY, TEACHER, STUDENT, CLEAN = "rainy", "teacher", "student", "clean"

Curve = Mapping[str, list[tuple[float, float]]]
"""(step, value) by name of the column: loss, psnr."""

TOPICS = (
    *("estimates", "psnr_y", "ssim", "streaks", "lpips", "niqe", "downstream"),
    *("macs", "latency", "memory"),
)
"""What the page quotes of the protocol."""

AGAIN = "Run `uv run dvc repro --force evaluate`, then `uv run dvc repro`."


@dataclass(frozen=True)
class SetResults:
    """What was measured on one data set.

    Attributes:
        role: benchmark (pairs, or masks of streaks) or real (no clean images).
        name: name of the set.
        kind: words of the protocol for it; names stand-ins for real rain as such.
        digest: SHA-256 of the prepared set.
        total: images, or pairs, that were found; ``images`` may be a part.
        refused: those that could not be used, counted by reason.
        means: means over images by method.
        images: values by image and method, in storage order.
        pictures: folder of ``<image>/<method>.png``.
    """

    role: str
    name: str
    kind: str
    digest: str
    total: int
    refused: Mapping[str, int]
    means: Mapping[str, Measures]
    images: Mapping[str, Mapping[str, Measures]]
    pictures: Path

    @property
    def standin(self) -> bool:
        """Whether rendered rain stands in for real rain."""
        return "stand-in" in self.kind

    @property
    def masked(self) -> bool:
        """Whether masks say where the streaks are."""
        return "masks" in self.kind


@dataclass(frozen=True)
class Results:
    """All of an evaluation.

    Attributes:
        networks: costs by method: parameters, gmacs, latency_ms and memory.
        protocol: sentences on what was measured how, one a topic.
        sets: benchmarks first.
        curves: curves of each training stage that left one.
    """

    networks: Mapping[str, Measures]
    protocol: Mapping[str, str]
    sets: list[SetResults]
    curves: Mapping[str, Curve]


def read_results(folder: Path) -> Results:
    """Read the folder that the evaluation writes.

    Raises:
        UserError: if the folder or a file in it is missing or cannot be understood.
    """
    if not folder.is_dir():
        raise UserError(
            f"there is no folder {folder}, and the report shows what is in it."
            " Run `uv run dvc repro`, which evaluates first."
        )
    metrics = _read_json(folder / "metrics.json")
    protocol = _read_json(folder / "protocol.json")
    images = _read_images(folder / "images.csv")
    try:
        return Results(
            networks=metrics["network"],
            protocol={topic: protocol[topic] for topic in TOPICS},
            sets=[
                _set_results(folder, role, name, means, protocol["sets"], images)
                for role in ("benchmark", "real")
                for name, means in metrics.get(role, {}).items()
            ],
            curves={file.stem: _read_curve(file) for file in sorted(folder.glob("curves/*.csv"))},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{folder} is not what this version's evaluation writes: {error!r}. {AGAIN}"
        ) from error


def _set_results(
    folder: Path,
    role: str,
    name: str,
    means: Mapping[str, Measures],
    protocols: Mapping[str, Any],
    images: Mapping[tuple[str, str], Mapping[str, Mapping[str, Measures]]],
) -> SetResults:
    of_set = protocols[f"{role}/{name}"]
    return SetResults(
        role=role,
        name=name,
        kind=of_set["kind"],
        digest=of_set["digest"],
        total=of_set["images"],
        refused=of_set["refused"],
        means=means,
        images=images[role, name],
        pictures=folder / "pictures" / role / name,
    )


def _read_text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise UserError(f"{file} cannot be read: {reason}. {AGAIN}") from error


def _read_json(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(_read_text(file)))
    except (json.JSONDecodeError, TypeError, ValueError) as error:
        raise UserError(f"{file} does not hold JSON by name: {error}. {AGAIN}") from error


def _read_images(file: Path) -> dict[tuple[str, str], dict[str, dict[str, Measures]]]:
    """Return (role, set) → image → method → measures."""
    images: dict[tuple[str, str], dict[str, dict[str, Measures]]] = {}
    try:
        scores = read_scores(file)
    except UserError as error:
        raise UserError(f"{error} {AGAIN}") from error
    for score in scores:
        of_set = images.setdefault((score.role, score.set), {})
        of_set.setdefault(score.image, {})[score.method] = score.measures
    return images


def _read_curve(file: Path) -> Curve:
    rows = list(csv.DictReader(io.StringIO(_read_text(file), newline="")))
    return {
        column: [(float(row["step"]), float(row[column])) for row in rows if row[column]]
        for column in ("loss", "psnr")
    }
