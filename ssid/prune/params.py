"""params/prune.yaml: how a trained network is made smaller without its training data."""

from typing import Annotated, Literal

from pydantic import Field

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
from ssid.metrics.params import LatencyParams
from ssid.prune.criteria import CRITERIA


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
        steps: optimizer steps; 0 leaves the pruned network as it is.
        batch: images per step.
        patch: their side in pixels.
        lr: rate of Adam on the weights.
        dream: settings of the dreams.
    """

    images: Literal["dreamed", "clean", "noise"] = "dreamed"
    clean: Annotated[str, Field(min_length=1)] = "params/photographs/demo_prune.txt"
    photographs: Count | None = None
    steps: CountOrZero = 400
    batch: Annotated[int, Field(ge=2, le=4_096)] = 4
    patch: Annotated[int, Field(ge=32, le=4_096)] = 64
    lr: Positive = 1e-4
    dream: DreamParams = DreamParams()


class PruneParams(Params):
    """One way to prune.

    Attributes:
        models: networks of the project that `dvc repro` prunes; none by default.
        macs: share of the multiply-accumulates that remains.
        unit: ``filters`` gives smaller, faster layers; ``weights`` sets single weights to zero.
        criterion: rule that says what is least needed: a name in ``ssid.prune.criteria.CRITERIA``.
        multiple: filters remain in multiples of this number, which suits processors.
        seed: seed of the noise, the crops and the criterion ``random``.
        threads: CPU threads that compute; None for one on every core.
        recovery: training that makes up for the loss.
        latency: protocol of the measured speed.
    """

    models: list[Literal["teacher", "student"]] = Field(default_factory=list)
    macs: Annotated[float, Field(gt=0, le=1)] = 0.6
    unit: Literal["filters", "weights"] = "filters"
    criterion: Annotated[str, registered(CRITERIA)] = "lamp"
    multiple: Annotated[int, Field(ge=1, le=4_096)] = 1
    seed: Seed = 0
    threads: Threads | None = 1
    recovery: RecoveryParams = RecoveryParams()
    latency: LatencyParams = LatencyParams()
