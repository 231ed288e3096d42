"""Whether another network gives the same answer on a derained picture as on the clean one.

SAPNet (Zheng et al., WACV 2022) models deraining by what it does for segmentation and detection.
There the truth are annotations; here it is the network's own answer on the clean image, so that
any pairs will do. The numbers are agreements: 1 means that the network sees no difference.

The functions work on answers, whatever gave them; :mod:`ssid.metrics.downstream_models` loads
networks.
"""

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import NamedTuple

import torch
from torch import Tensor

IOU = 0.5
"""Two boxes are of the same object if their intersection is at least this share of their union."""


class Boxes(NamedTuple):
    """Objects found in one image.

    Attributes:
        corners: K×4, left, top, right and bottom in pixels.
        labels: K class numbers.
        scores: K confidences.
    """

    corners: Tensor
    labels: Tensor
    scores: Tensor

    def only(self, chosen: Tensor) -> "Boxes":
        """Return the objects that the K booleans choose."""
        return Boxes(*(values[chosen] for values in self))


Segmenter = Callable[[Tensor], Tensor]
"""From an image 3×H×W, RGB in [0, 1], to the class of each pixel, H×W int64, on the CPU."""

Detector = Callable[[Tensor], Boxes]
"""From an image 3×H×W, RGB in [0, 1], to the objects in it, on the CPU."""


def confusion(predicted: Tensor, reference: Tensor, classes: int) -> Tensor:
    """Count the pixels by class: ``classes``×``classes``, a row per class of the reference.

    Matrices of several images are added before anything is divided: a class that covers little
    of one image must not weigh as much there as where it covers all.

    Args:
        predicted: class of each pixel, from 0 to ``classes`` − 1, any shape.
        reference: labels of the clean image.
        classes: number of classes.
    """
    places = reference.flatten() * classes + predicted.flatten()
    return torch.bincount(places, minlength=classes**2).reshape(classes, classes)


def mean_pixel_accuracy(confusion: Tensor) -> float:
    """Return mPA, the mean over classes of the share of a class's pixels that keep it, in [0, 1].

    Classes that the reference does not have are left out.
    """
    right, present = confusion.diag().double(), confusion.sum(dim=1)
    return float((right / present)[present > 0].mean())


def mean_iou(confusion: Tensor) -> float:
    """Return mIoU, the mean over classes of TP / (TP + FP + FN), in [0, 1].

    Classes that occur neither in the reference nor in the prediction are left out; one that is
    only predicted counts as 0.
    """
    right = confusion.diag().double()
    union = confusion.sum(dim=0) + confusion.sum(dim=1) - confusion.diag()
    return float((right / union)[union > 0].mean())


def mean_average_precision(
    found: Sequence[Boxes], reference: Sequence[Boxes], iou: float = IOU
) -> float | None:
    """Return mAP, the mean over the classes of the reference of :func:`average_precision`.

    Args:
        found: objects in each image, with their scores.
        reference: objects in the same clean images; their scores are not read.
        iou: iou, see :data:`IOU`.

    Returns:
        A number in [0, 1], or None if the reference holds no object.
    """
    classes = sorted({int(label) for boxes in reference for label in boxes.labels})
    if not classes:
        return None
    return fmean(
        average_precision(
            [boxes.only(boxes.labels == label) for boxes in found],
            [boxes.only(boxes.labels == label) for boxes in reference],
            iou,
        )
        for label in classes
    )


def average_precision(found: Sequence[Boxes], reference: Sequence[Boxes], iou: float) -> float:
    """Return the area under the curve of precision over recall, for objects of one class.

    All objects of the set are ranked together by score. The precision at a recall is the highest
    that is reached there or further on, at every recall (as in Pascal VOC from 2010 on).
    """
    scores = torch.cat([boxes.scores for boxes in found])
    hits = torch.cat([_hits(*of_image, iou) for of_image in zip(found, reference, strict=True)])
    hits = hits[scores.argsort(descending=True, stable=True)].double()
    precision = hits.cumsum(0) / torch.arange(1, len(hits) + 1)
    best_from_here = precision.flip(0).cummax(0).values.flip(0)
    return float((best_from_here * hits).sum()) / sum(len(boxes.labels) for boxes in reference)


def _hits(found: Boxes, reference: Boxes, iou: float) -> Tensor:
    """Return which objects found in one image are in the reference, each of which counts once.

    The most certain object chooses first, the reference that it overlaps most.
    """
    from torchvision.ops import box_iou  # slow to import

    hits = torch.zeros(len(found.labels), dtype=torch.bool)
    overlap = box_iou(found.corners, reference.corners)
    for i in found.scores.argsort(descending=True, stable=True) if overlap.numel() else ():
        best, j = overlap[i].max(dim=0)
        if best >= iou:
            hits[i] = True
            overlap[:, j] = -1  # taken
    return hits
