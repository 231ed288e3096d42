"""params/prune.yaml: how a trained network is made smaller without its training data."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ssid.config.base import (
    Count,
    CountOrZero,
    NotNegative,
    Params,
    Positive,
    Seed,
    Threads,
    registered,
)
from ssid.data.params import Rain
from ssid.metrics.params import LatencyParams
from ssid.prune.criteria import CRITERIA

LayerName = Annotated[str, Field(min_length=1, max_length=200)]


class DreamParams(Params):
    """How images are dreamed; see :class:`ssid.prune.dreaming.Dreaming`."""

    steps: Count = 50
    lr: Positive = 5e-2
    diversity: NotNegative = 0.05


class RecoveryParams(Params):
    """Distillation of the original into the pruned network.

    Attributes:
        images: kind of images that both see: dreamed, clean photographs, or random noise.
        clean: folder of clean photographs, or a text list of photographs.
        photographs: number of them at most, evenly spaced; None for all.
        rain: profile of rendered rain; half of each batch are then photographs in this rain. None
            leaves it out.
        steps: optimizer steps of each round; 0 leaves the pruned network as it is.
        batch: images per step.
        patch: their side in pixels.
        lr: rate of Adam on the weights.
        dream: settings of the dreams.
    """

    images: Literal["dreamed", "clean", "noise"] = "dreamed"
    clean: Annotated[str, Field(min_length=1)] = "params/photographs/demo_prune.txt"
    photographs: Count | None = None
    # Left out of records at None, so that networks from before it keep their identity.
    rain: Annotated[Rain | None, Field(exclude_if=lambda rain: rain is None)] = None
    steps: CountOrZero = 400
    batch: Annotated[int, Field(ge=2, le=4_096)] = 4
    patch: Annotated[int, Field(ge=32, le=4_096)] = 64
    lr: Positive = 1e-4
    dream: DreamParams = DreamParams()

    @property
    def dreamed(self) -> int:
        """Images of each batch that are not in rendered rain."""
        return self.batch if self.rain is None else self.batch - self.batch // 2

    @model_validator(mode="after")
    def _halves_can_be_told_apart(self) -> Self:
        if self.dreamed < 2:
            raise ValueError(
                f"batch: found {self.batch}, of which rain: {self.rain} leaves"
                f" {self.dreamed} to be {self.images}; it should be 3 or more"
            )
        return self


class PruneParams(Params):
    """One way to prune.

    Attributes:
        models: networks of the project that `dvc repro` prunes; none by default.
        macs: share of the multiply-accumulates that remains.
        rounds: number of cuts on the way there, each followed by a recovery.
        unit: ``filters`` gives smaller, faster layers; ``weights`` sets single weights to zero.
        criterion: rule that says what is least needed: a name in ``ssid.prune.criteria.CRITERIA``.
        multiple: filters remain in multiples of this number, which suits processors.
        whole: names of layers that are not cut; ``*`` stands for any part of a name.
        seed: seed of the noise, the crops and the criterion ``random``.
        threads: CPU threads that compute; None for one on every core.
        recovery: training that makes up for the loss.
        latency: protocol of the measured speed.
    """

    models: list[Literal["teacher", "student"]] = Field(default_factory=list)
    macs: Annotated[float, Field(gt=0, le=1)] = 0.6
    # Left out of records at 1, so that networks from before it keep their identity.
    rounds: Annotated[int, Field(ge=1, le=100, exclude_if=lambda rounds: rounds == 1)] = 1
    unit: Literal["filters", "weights"] = "filters"
    criterion: Annotated[str, registered(CRITERIA)] = "lamp"
    multiple: Annotated[int, Field(ge=1, le=4_096)] = 1
    # Left out of records where empty, so that networks from before it keep their identity.
    whole: Annotated[list[LayerName], Field(exclude_if=lambda names: not names)] = Field(
        default_factory=list
    )
    seed: Seed = 0
    threads: Threads | None = 1
    recovery: RecoveryParams = RecoveryParams()
    latency: LatencyParams = LatencyParams()
