"""What other networks make of the estimates of one set, compared with the clean images."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from accelerate.utils import gather_object
from PIL import Image
from torch import Tensor

from ssid.data.store.reader import ImageStore
from ssid.evaluation.metric_models import MetricModels
from ssid.evaluation.scores import CLEAN, share
from ssid.metrics.downstream import (
    Boxes,
    Detector,
    Segmenter,
    confusion,
    mean_average_precision,
    mean_iou,
    mean_pixel_accuracy,
)
from ssid.pictures import to_tensor
from ssid.progress import track

CERTAIN = 0.5
"""Objects in clean images count as true if their score is at least this."""

Estimates = Iterable[tuple[int, dict[str, Tensor]]]
"""Index of an image, and its estimates and its clean version by name, each 3×H×W in [0, 1]."""


def measure_downstream(
    store: ImageStore, methods: Sequence[str], limit: int | None, models: MetricModels, folder: Path
) -> dict[str, dict[str, float]]:
    """Return ``mpa``, ``miou`` and ``map`` by method on a set of pairs, as far as models exist.

    Every process takes the images whose estimates it has written; all of them return the numbers
    of the whole set, because counts and objects are joined first and divided then.

    Args:
        store: a set with targets.
        methods: names of the estimates, the rainy input among them.
        limit: number of images, as for the scores.
        models: networks that are asked.
        folder: folder of ``<image>/<method>.png``, where the scores were measured.
    """
    numbers: dict[str, dict[str, float]] = {method: {} for method in methods}
    name, mine = store.summary.name, share(len(store), limit)
    if models.segmenter is not None:
        pictures = track(read_estimates(store, methods, mine, folder), len(mine), f"segment {name}")
        matrices = count_labels(pictures, methods, models.segmenter, models.classes)
        for method, matrix in matrices.items():
            numbers[method]["mpa"] = round(mean_pixel_accuracy(matrix), 4)
            numbers[method]["miou"] = round(mean_iou(matrix), 4)
    if models.detector is not None:
        pictures = track(read_estimates(store, methods, mine, folder), len(mine), f"detect {name}")
        found = find_objects(pictures, models.detector)
        reference = [boxes[CLEAN].only(boxes[CLEAN].scores >= CERTAIN) for boxes in found]
        for method in methods:
            precision = mean_average_precision([boxes[method] for boxes in found], reference)
            if precision is not None:
                numbers[method]["map"] = round(precision, 4)
    return numbers


def count_labels(
    pictures: Estimates, methods: Sequence[str], segmenter: Segmenter, classes: int
) -> dict[str, Tensor]:
    """Return the confusion matrix of each method, over the images of all processes."""
    counts = torch.zeros(len(methods), classes, classes, dtype=torch.int64)
    for _, images in pictures:
        reference = segmenter(images[CLEAN])
        for matrix, method in zip(counts, methods, strict=True):
            matrix += confusion(segmenter(images[method]), reference, classes)
    total = torch.stack(gather_object([counts])).sum(dim=0)
    return dict(zip(methods, total, strict=True))


def find_objects(pictures: Estimates, detector: Detector) -> list[dict[str, Boxes]]:
    """Return the objects in each image by method, over the images of all processes, in order."""
    found = [
        (index, {name: detector(image) for name, image in images.items()})
        for index, images in pictures
    ]
    return [boxes for _, boxes in sorted(gather_object(found), key=lambda item: item[0])]


def read_estimates(
    store: ImageStore, methods: Sequence[str], indices: Sequence[int], folder: Path
) -> Iterator[tuple[int, dict[str, Tensor]]]:
    """Yield images one by one, as :data:`Estimates`; the files hold exactly what was scored."""
    for index in indices:
        files = folder / store.records[index].name
        images = {method: read_png(files / f"{method}.png") for method in methods}
        yield index, {**images, CLEAN: to_tensor(store.clean(index), torch.float64)}


def read_png(path: Path) -> Tensor:
    """Return a picture as 3×H×W in [0, 1]."""
    with Image.open(path) as image:
        return to_tensor(np.asarray(image), torch.float64)
