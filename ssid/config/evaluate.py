"""params/evaluate.yaml: what is measured, and on what."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ssid.config.base import Count, CountOrZero, Params


class LatencyParams(Params):
    """Median time for one height×width image over ``repeats`` runs after ``warmup`` runs."""

    height: Annotated[int, Field(ge=32)] = 256
    width: Annotated[int, Field(ge=32)] = 256
    repeats: Annotated[int, Field(ge=2)] = 30
    warmup: CountOrZero = 5
    threads: Count = 1


class EvaluateParams(Params):
    """One evaluation of teacher and student.

    Attributes:
        benchmarks: names of the benchmark sets; None for all of the catalogue.
        real: the same for real sets.
        limit: at most this many images per set, evenly spaced; None for all.
        tile: side in pixels of the tiles that large images are cut into; None for whole images.
        overlap: pixels that neighbouring tiles share.
        metrics: what is measured on images; ``niqe`` alone needs no clean image.
        pictures: panels per set in the report.
        threads: CPU threads that derain; None for one on every core.
        latency: how speed is measured.
    """

    benchmarks: list[str] | None = None
    real: list[str] | None = None
    limit: Count | None = None
    tile: Annotated[int, Field(ge=64)] | None = None
    overlap: CountOrZero = 64
    metrics: Annotated[list[Literal["psnr", "ssim", "niqe"]], Field(min_length=1)]
    pictures: CountOrZero = 4
    threads: Count | None = None
    latency: LatencyParams = LatencyParams()

    @model_validator(mode="after")
    def _tiles_exceed_their_overlap(self) -> Self:
        if self.tile is not None and self.tile < self.overlap + 32:
            raise ValueError(f"tile: {self.tile} must exceed overlap: {self.overlap} by 32 pixels")
        return self
