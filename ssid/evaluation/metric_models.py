"""The networks that metrics of an evaluation need; each is built only if it is asked for."""

from pathlib import Path
from typing import NamedTuple

import torch

from ssid.errors import UserError
from ssid.evaluation.params import EvaluateParams
from ssid.metrics.downstream import Detector, Segmenter
from ssid.metrics.downstream_models import load_detector, load_segmenter
from ssid.metrics.perceptual import Lpips


class MetricModels(NamedTuple):
    """Networks that metrics need; None where nobody asked for one.

    Attributes:
        lpips: compares a picture with the clean one.
        segmenter: names the class of every pixel.
        classes: number of the segmenter's classes.
        detector: finds objects.
    """

    lpips: Lpips | None = None
    segmenter: Segmenter | None = None
    classes: int = 0
    detector: Detector | None = None


def load_metric_models(params: EvaluateParams, device: torch.device) -> MetricModels:
    """Return the networks that ``params`` ask for, on ``device``.

    Raises:
        UserError: if the weights of one are missing or do not fit.
    """
    segmentation, detection = params.downstream.segmentation, params.downstream.detection
    lpips = Lpips().to(device) if "lpips" in params.metrics else None
    segmenter = detector = None
    if segmentation is not None:
        options = segmentation.model_dump(exclude={"weights"})
        weights = _existing(segmentation.weights, "segmentation")
        segmenter = load_segmenter(**options, weights=weights, device=device)
    if detection is not None:
        weights = _existing(detection.weights, "detection")
        detector = load_detector(detection.architecture, detection.classes, weights, device)
    return MetricModels(lpips, segmenter, segmentation.classes if segmentation else 0, detector)


def _existing(weights: str, kind: str) -> Path:
    path = Path(weights)
    if not path.is_file():
        raise UserError(
            f"params/evaluate.yaml: downstream.{kind}.weights: there is no file {path}."
            f" Put the network's weights there, or set downstream.{kind} to null."
        )
    return path
