"""Prune a model file: cut, recover, measure, and leave a smaller model file."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from ssid.errors import UserError
from ssid.files import write_json
from ssid.metrics.cost import measure_cost
from ssid.metrics.params import LatencyParams
from ssid.models import Derainer, load_model, save_model
from ssid.pictures import to_picture
from ssid.progress import track
from ssid.prune.dreaming import Dream, Dreaming, dream, penultimate
from ssid.prune.images import random_crops, random_noise, read_pictures
from ssid.prune.masks import count_nonzero_macs, prune_unstructured
from ssid.prune.params import PruneParams, RecoveryParams
from ssid.prune.pruned import Pruned
from ssid.prune.recovery import recover
from ssid.prune.structured import prune_structured

LOG_EVERY = 10  # steps


class Recorder(Protocol):
    """What records a run, such as :class:`ssid.tracking.Tracker`."""

    def params(self, params: Mapping[str, Any], /) -> None:
        """Record nested parameters."""

    def metrics(self, metrics: Mapping[str, float], /, step: int) -> None:
        """Record metrics of a step."""

    def picture(self, image: np.ndarray, /, name: str) -> None:
        """Record an H×W×3 uint8 picture under a name that ends in .png."""


def prune_model(
    path: Path, output: Path, params: PruneParams, recorder: Recorder | None = None
) -> dict[str, Any]:
    """Prune the network in the model file ``path`` and write it to ``output``.

    ``output`` loads wherever a model file does. Beside it, with the suffix ``.json``, lies what is
    returned: the share of MACs that remains, and size and speed before and after.

    Raises:
        UserError: if a file is missing, the network cannot be pruned as far, or dreams collapse.
    """
    if params.threads is not None:
        torch.set_num_threads(params.threads)
    original = load_model(path)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    original.eval().requires_grad_(False).to(device)
    try:
        pruned = prune(original, params)
    except ValueError as error:
        raise UserError(f"{path} cannot be pruned: {error}") from error
    if recorder is not None:
        recorder.params({"prune": params.model_dump(mode="json"), "model": str(path)})
    student = pruned.model.requires_grad_(True)
    _recover(original, pruned, params, recorder)
    save_model(output, student)
    before, after = (measure(model, params.latency) for model in (original, student))
    speedup = round(before["latency_ms"] / after["latency_ms"], 3)
    macs = round(pruned.macs, 5)
    report = {"macs": macs, "before": before, "after": after, "speedup": speedup}
    write_json(output.with_suffix(".json"), report)
    return report


def prune(model: Derainer, params: PruneParams) -> Pruned[Derainer]:
    """Return a pruned copy of ``model``, not recovered yet."""
    how = params.macs, params.criterion, params.seed
    if params.unit == "filters":
        return prune_structured(model, *how, params.multiple)
    return prune_unstructured(model, *how)


def measure(model: Derainer, latency: LatencyParams) -> dict[str, float]:
    """Return size and speed of a network on the CPU; MACs are those at 256×256, without zeros."""
    gmacs = round(count_nonzero_macs(model) / 1e9, 4)
    return measure_cost(model, latency, torch.device("cpu")) | {"gmacs": gmacs}


def _recover(
    original: Derainer, pruned: Pruned[Derainer], params: PruneParams, recorder: Recorder | None
) -> None:
    """Distil the original into the pruned network, on the images that ``params`` ask for."""
    recovery = params.recovery
    images = _images(original, recovery, params.seed, recorder)
    course = recover(
        pruned.model, original, images, recovery.steps, lr=recovery.lr, masks=pruned.masks
    )
    for step, loss in track(course, recovery.steps, "recover"):
        if recorder is not None and (step % LOG_EVERY == 0 or step == recovery.steps):
            recorder.metrics({"recovery/distillation": loss}, step=step)


def _images(
    original: Derainer, recovery: RecoveryParams, seed: int, recorder: Recorder | None
) -> Iterator[Tensor]:
    device = next(original.parameters()).device
    if recovery.images == "noise":
        return _on(device, random_noise(recovery.batch, recovery.patch, seed))
    pictures = read_pictures(Path(recovery.clean), recovery.photographs)
    clean = _on(device, random_crops(pictures, recovery.batch, recovery.patch, seed))
    if recovery.images == "clean":
        return clean
    dreaming = Dreaming(**recovery.dream.model_dump())
    return _seen(dream(penultimate(original), clean, dreaming, seed), dreaming.steps, recorder)


def _on(device: torch.device, batches: Iterable[Tensor]) -> Iterator[Tensor]:
    return (batch.to(device) for batch in batches)


def _seen(dreams: Iterable[Dream], last: int, recorder: Recorder | None) -> Iterator[Tensor]:
    """Yield the images of dreams; record each dream that is complete."""
    for step, now in enumerate(dreams, start=1):
        if recorder is not None and now.step == last:
            values = {"dream": now.dream, "diversity": now.diversity, "distance": now.distance}
            recorder.metrics({f"dream/{name}": value for name, value in values.items()}, step=step)
            recorder.picture(_sheet(now), name=f"dreams/{step:06}.png")
        yield now.images


def _sheet(now: Dream) -> np.ndarray:
    """Return dreamed images above the clean images they were dreamed from, uint8 H×W×3."""
    rows = [torch.cat(list(images), 2) for images in (now.images, now.clean)]
    return to_picture(torch.cat(rows, 1))
