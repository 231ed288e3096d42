"""params/evaluate.yaml: what is measured, and on what."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from ssid.config.base import Count, CountOrZero, NotNegative, Params, Positive, Threads, named
from ssid.metrics.params import LatencyParams
from ssid.metrics.table import check_family

Name = Annotated[str, Field(min_length=1)]
Colour = Field(min_length=3, max_length=3)


class SegmentationParams(Params):
    """A segmentation network whose answers on derained and on clean images are compared.

    Attributes:
        architecture: a name of segmentation-models-pytorch, such as Unet.
        encoder: a name of its encoders, such as resnet34.
        classes: number of classes.
        weights: file with the state dict, as safetensors or saved by PyTorch.
        mean: values subtracted from R, G and B in [0, 1]; by default those of ImageNet.
        std: values by which they are then divided.
    """

    architecture: Name
    encoder: Name
    classes: Annotated[int, Field(ge=2, le=10_000)]
    weights: Name
    mean: Annotated[list[NotNegative], Colour] = Field([0.485, 0.456, 0.406])
    std: Annotated[list[Positive], Colour] = Field([0.229, 0.224, 0.225])


class DetectionParams(Params):
    """A detector whose answers on derained and on clean images are compared.

    Attributes:
        architecture: a name among torchvision's detectors, such as fasterrcnn_resnet50_fpn.
        classes: number of classes, the background included.
        weights: file with the state dict, as safetensors or saved by PyTorch.
    """

    architecture: Name
    classes: Annotated[int, Field(ge=2, le=10_000)]
    weights: Name


class DownstreamParams(Params):
    """What other networks make of derained images; None where that is not measured."""

    segmentation: SegmentationParams | None = None
    detection: DetectionParams | None = None


class EvaluateParams(Params):
    """One evaluation of teacher and student.

    Attributes:
        benchmarks: names of the benchmark sets; None for all of the catalogue.
        real: names of the real sets; None for all of the catalogue.
        limit: number of images per set at most, evenly spaced; None for all.
        tile: side in pixels of the tiles that large images are cut into; None for whole images.
        overlap: pixels that neighbouring tiles share.
        metrics: families of metrics measured on images; ``niqe`` alone needs no clean image.
        downstream: networks whose answers on the images of benchmarks are compared.
        pictures: panels per set in the report.
        threads: CPU threads that derain; None for one on every core.
        latency: protocol of the measured speed.
    """

    benchmarks: list[str] | None = None
    real: list[str] | None = None
    limit: Count | None = None
    tile: Annotated[int, Field(ge=64, le=100_000)] | None = None
    overlap: CountOrZero = 64
    metrics: Annotated[list[Annotated[str, named(check_family)]], Field(min_length=1)]
    downstream: DownstreamParams = DownstreamParams()
    pictures: CountOrZero = 4
    threads: Threads | None = None
    latency: LatencyParams = LatencyParams()

    @model_validator(mode="after")
    def _tiles_exceed_their_overlap(self) -> Self:
        if self.tile is not None and self.tile < self.overlap + 32:
            raise ValueError(f"tile: {self.tile} must exceed overlap: {self.overlap} by 32 pixels")
        return self
