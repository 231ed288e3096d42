"""What a reader has to know to repeat the numbers of an evaluation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ssid.data.store.reader import ImageStore
from ssid.evaluation.downstream import CERTAIN
from ssid.evaluation.params import EvaluateParams
from ssid.evaluation.results import Score
from ssid.evaluation.scores import images_of
from ssid.files import sha256
from ssid.metrics.downstream import IOU
from ssid.metrics.niqe import STEADY_BLOCKS
from ssid.metrics.streaks import MARGIN

PROTOCOL = {
    "estimates": "measured one by one at full size, rounded to 8 bit",
    "psnr_y": "BT.601 luma of MATLAB's rgb2ycbcr, not rounded, peak 255, at most 100 dB",
    "ssim": "Gaussian 11×11, σ 1.5, windows inside the image only, no downsampling",
    "streaks": "luma (BT.601) removed from the photograph, against its mask: area under the ROC"
    f" curve; mean inside; mean absolute change further than {MARGIN} pixels from it",
    "niqe": "pristine model of Mittal et al. 2013, luma of BT.601 in whole numbers, crop border 0,"
    f" blocks of 96×96, at least {STEADY_BLOCKS} of them",
    "lpips": "version 0.1, trunk AlexNet, RGB",
    "macs": "convolutions and matrix products, one multiply-accumulate counted once",
    "memory": "activations: most bytes that the network's own float32 tensors take at a time,"
    " counted from their shapes; weights come on top",
    "moved": "where the scene before a fixed camera moved, no pixel counts in PSNR, and no window"
    " of SSIM whose centre lies there",
    "means": "over images",
}


def describe_protocol(
    stores: Sequence[ImageStore],
    params: EvaluateParams,
    device: torch.device,
    scores: Sequence[Score],
) -> dict[str, Any]:
    """Return the protocol, one sentence a topic, and under ``sets`` what was measured."""
    return {
        **PROTOCOL,
        "latency": describe_latency(params, device),
        "downstream": describe_downstream(params),
        "sets": {f"{s.summary.role}/{s.summary.name}": describe_set(s, scores) for s in stores},
    }


def describe_latency(params: EvaluateParams, device: torch.device) -> str:
    """Return how and where speed was measured."""
    latency = params.latency
    cuda = device.type == "cuda"
    place = torch.cuda.get_device_name(device) if cuda else device.type
    return (
        f"median of {latency.repeats} runs after {latency.warmup}, one image of"
        f" {latency.height}×{latency.width}, {latency.threads} thread(s), {place}"
    )


def describe_downstream(params: EvaluateParams) -> str:
    """Return whose answers on derained and on clean images were compared, or nothing."""
    sentences = []
    if segmentation := params.downstream.segmentation:
        sentences.append(
            "mPA and mIoU: agreement with the same network on the clean image,"
            f" {segmentation.architecture} with {segmentation.encoder},"
            f" {segmentation.classes} classes, {_weights(segmentation.weights)};"
            " one confusion matrix a set, mean over classes present"
        )
    if detection := params.downstream.detection:
        sentences.append(
            f"mAP: agreement with {detection.architecture} on the clean image, where objects"
            f" scored {CERTAIN} or more count, {_weights(detection.weights)}; IoU {IOU},"
            " mean over classes present"
        )
    return ". ".join(sentences)


def describe_set(store: ImageStore, scores: Sequence[Score]) -> dict[str, Any]:
    """Return which images a set of scores was measured on, and which are missing, and why."""
    summary = store.summary
    kind = "stand-in for real rain (rendered)" if summary.standin else summary.role
    kind = "masks of streaks" if summary.mask == "streaks" else kind
    kind = "pairs of a fixed camera, without what moved" if summary.mask == "moved" else kind
    return {
        "images": summary.images + sum(summary.refused.values()),
        "measured": len(images_of(store, scores)),
        "refused": dict(summary.refused),
        "kind": kind,
        "digest": summary.digest,
    }


def _weights(path: str) -> str:
    return f"weights {Path(path).name} (sha256 {sha256(Path(path))[:12]})"
