"""How well networks remove rain: on pairs against the truth, on real rain without one."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from accelerate.utils import gather_object
from numpy.typing import NDArray
from torch import Tensor

from ssid.data.roles import Mask
from ssid.data.splits import evenly_spaced
from ssid.data.store.reader import ImageStore
from ssid.evaluation.params import EvaluateParams
from ssid.evaluation.results import MARKED, Score
from ssid.inference import derain
from ssid.metrics.marking import mark_streaks
from ssid.metrics.perceptual import Lpips
from ssid.metrics.streaks import streak_scores
from ssid.metrics.table import METRICS, Metric
from ssid.models import Derainer
from ssid.pictures import Picture, to_tensor, write_picture
from ssid.progress import track

RAINY, CLEAN = "rainy", "clean"
PARTIAL = ("psnr", "ssim")
"""Families of metrics that can be measured on a part of an image."""


def evaluate_set(
    store: ImageStore,
    networks: Mapping[str, Derainer],
    params: EvaluateParams,
    folder: Path,
    lpips: Lpips | None = None,
) -> list[Score]:
    """Return the scores of the rainy images and of every network's estimates on one set.

    Every process takes its share of the images; all of them return all scores, in storage order.
    Images are derained and measured one by one, so that no number depends on a batch size. The
    estimates are written to ``folder`` as PNG for the report to choose from.

    Args:
        store: the set; with targets for PSNR and SSIM, without for NIQE.
        networks: networks by name, on their device, in evaluation mode.
        params: settings: metrics, and tiles of large images.
        folder: folder for ``<image>/<method>.png``.
        lpips: measures LPIPS; None to leave it out.
    """
    mine = share(len(store), params.limit)
    scores: list[tuple[int, Score]] = []
    for index in track(mine, len(mine), f"evaluate {store.summary.name}"):
        pictures = {RAINY: np.asarray(store.rainy(index))}
        for name, network in networks.items():
            pictures[name] = derain(network, pictures[RAINY], params.tile, params.overlap)
        clean = np.asarray(store.clean(index)) if store.paired else None
        image = store.records[index].name
        for method, picture in pictures.items():
            measures = measure(picture, clean, params.metrics, lpips, still(store, index))
            measures |= measure_streaks(store, index, picture)
            place = store.summary.role, store.summary.name, image, method
            scores.append((index, Score(*place, measures)))
        shown = pictures if clean is None else {**pictures, CLEAN: clean}
        save_pictures(folder / image, shown | draw_streaks(store, index, pictures))
    gathered = sorted(gather_object(scores), key=lambda item: item[0])
    return [score for _, score in gathered]


def measure(
    picture: Picture,
    clean: Picture | None,
    metrics: Sequence[str],
    lpips: Lpips | None = None,
    counted: Tensor | None = None,
) -> dict[str, float]:
    """Return the chosen metrics of one H×W×3 uint8 picture; fidelity needs the clean one.

    PSNR and SSIM are those of the pixels that are ``counted`` (H×W; None: all); for other metrics
    that compare, the rest is taken from the clean picture.
    """
    image = to_tensor(picture, torch.float64)
    truth = None if clean is None else to_tensor(clean, torch.float64)
    compared = image if truth is None or counted is None else torch.where(counted, image, truth)
    measured: dict[str, float] = {}
    for metric in image_metrics(metrics):
        if metric.measure is not None and (truth is not None or not metric.paired):
            part = {} if counted is None or metric.family not in PARTIAL else {"counted": counted}
            with suppress(ValueError):  # such as NIQE, of an image too small or without texture
                seen = compared if metric.paired else image
                measured[metric.key] = metric.measure(seen, truth, **part)
    if lpips is not None and truth is not None:
        measured["lpips"] = float(lpips(compared[None], truth[None]))
    return measured


def still(store: ImageStore, index: int) -> Tensor | None:
    """Return where the scene stood still, H×W, of a set with masks of where it moved."""
    mask = _mask_of("moved", store, index)
    return None if mask is None else torch.from_numpy(~mask)


def _mask_of(marks: Mask, store: ImageStore, index: int) -> NDArray[np.bool_] | None:
    """Return the mask of an image, H×W, where the masks of the set are of that kind."""
    return store.mask(index) if store.summary.mask == marks else None


def measure_streaks(store: ImageStore, index: int, picture: Picture) -> dict[str, float]:
    """Return how an estimate agrees with the mask of the streaks, where the set has such masks."""
    mask = _mask_of("streaks", store, index)
    return {} if mask is None else streak_scores(store.rainy(index), picture, mask)._asdict()


def draw_streaks(
    store: ImageStore, index: int, pictures: Mapping[str, Picture]
) -> dict[str, Picture]:
    """Return a picture of hits, misses and false alarms by estimate, where there are masks."""
    mask = _mask_of("streaks", store, index)
    if mask is None:
        return {}
    rainy = store.rainy(index)
    estimates = {method: picture for method, picture in pictures.items() if method != RAINY}
    return {MARKED.format(m): mark_streaks(rainy, p, mask) for m, p in estimates.items()}


def image_metrics(chosen: Iterable[str]) -> list[Metric]:
    """Return the metrics of single images that the names in params/evaluate.yaml stand for."""
    names = {*chosen, ""}
    return [metric for metric in METRICS.values() if metric.family in names]


def summarise(scores: Iterable[Score]) -> dict[str, Any]:
    """Return means over images as role → set → method → metric."""
    groups: dict[tuple[str, ...], list[Score]] = {}
    for score in scores:
        groups.setdefault((score.role, score.set, score.method), []).append(score)
    summary: dict[str, Any] = {}
    for (role, name, method), members in groups.items():
        means = {
            metric.key: mean(score.measures.get(metric.key) for score in members)
            for metric in METRICS.values()
        }
        known = {metric: value for metric, value in means.items() if value is not None}
        summary.setdefault(role, {}).setdefault(name, {})[method] = known
    return summary


def images_of(store: ImageStore, scores: Iterable[Score]) -> set[str]:
    """Return the names of the images of a set that have scores."""
    place = store.summary.role, store.summary.name
    return {score.image for score in scores if (score.role, score.set) == place}


def count_images(
    stores: Sequence[ImageStore], scores: Sequence[Score], metrics: Sequence[str]
) -> dict[str, Any]:
    """Return role → set → how many images there are, were measured, and were refused.

    Where a metric has no value for some of the images that were measured, ``<metric>_missing`` says
    for how many: its means are over the others.
    """
    counts: dict[str, Any] = {}
    for store in stores:
        summary, measured = store.summary, images_of(store, scores)
        refused = sum(summary.refused.values())
        known = {"images": summary.images + refused, "measured": len(measured), "refused": refused}
        missing = _missing(store, scores, metrics)
        counts.setdefault(summary.role, {})[summary.name] = known | missing
    return counts


def _missing(store: ImageStore, scores: Iterable[Score], metrics: Sequence[str]) -> dict[str, int]:
    """Return the number of images for which a method has no value, by metric."""
    place = store.summary.role, store.summary.name
    of_set = [score for score in scores if (score.role, score.set) == place]
    expected = [m for m in image_metrics(metrics) if m.measure and (store.paired or not m.paired)]
    without = {
        f"{metric.key}_missing": len({s.image for s in of_set if metric.key not in s.measures})
        for metric in expected
    }
    return {key: count for key, count in without.items() if count}


def describe_counts(counts: Mapping[str, Any]) -> list[str]:
    """Return one line for each set of which something is missing."""
    return [
        f"{role}/{name}: {of_set['measured']} of {of_set['images']} images measured"
        + "".join(f", {key.replace('_', ' ')} {n}" for key, n in of_set.items() if _is_lack(key, n))
        for role, sets in counts.items()
        for name, of_set in sets.items()
        if any(_is_lack(key, n) for key, n in of_set.items())
    ]


def _is_lack(key: str, count: int) -> bool:
    return count > 0 and (key == "refused" or key.endswith("_missing"))


def mean(values: Iterable[float | None]) -> float | None:
    """Return the mean of the values that there are, rounded for display, or None."""
    known = [value for value in values if value is not None]
    return round(fmean(known), 4) if known else None


def share(count: int, limit: int | None) -> list[int]:
    """Return the indices that this process measures; none where there are more processes."""
    state = PartialState()
    return evenly_spaced(range(count), limit)[state.process_index :: state.num_processes]


def save_pictures(folder: Path, pictures: Mapping[str, Picture]) -> None:
    """Write ``<method>.png`` for each picture."""
    for method, picture in pictures.items():
        write_picture(folder / f"{method}.png", picture)
