"""Prune a model file: cut, recover, measure, and leave a smaller model file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from ssid.errors import UserError
from ssid.files import check_writable, write_json
from ssid.metrics.cost import measure_cost
from ssid.metrics.params import LatencyParams
from ssid.models import Derainer, load_model, save_model
from ssid.pictures import Picture, to_picture
from ssid.progress import track
from ssid.prune.dreaming import Dream, Dreaming, dream, penultimate
from ssid.prune.images import beside, in_rain, random_crops, random_noise, read_pictures
from ssid.prune.masks import count_nonzero_macs
from ssid.prune.params import PruneParams, RecoveryParams
from ssid.prune.pruned import Pruned
from ssid.prune.recovery import recover
from ssid.prune.rounds import prune_in_rounds

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
        OSError: if ``output`` cannot be written; before any work where that can be known.
    """
    if params.threads is not None:
        torch.set_num_threads(params.threads)
    original = load_model(path)
    check_writable(output)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    original.eval().requires_grad_(False).to(device)
    if recorder is not None:
        recorder.params({"prune": params.model_dump(mode="json"), "model": str(path)})
    try:
        pruned = prune(original, params, recorder)
    except ValueError as error:
        raise UserError(f"{path} cannot be pruned: {error}") from error
    student = pruned.model
    save_model(output, student)
    before, after = (measure(model, params.latency) for model in (original, student))
    speedup = round(before["latency_ms"] / after["latency_ms"], 3)
    macs = round(pruned.macs, 5)
    report = {"macs": macs, "before": before, "after": after, "speedup": speedup}
    write_json(output.with_suffix(".json"), report)
    return report


def prune(original: Derainer, params: PruneParams, recorder: Recorder | None) -> Pruned[Derainer]:
    """Return a copy of ``original`` that was cut and recovered, round after round."""
    images = _images(original, params.recovery, params.seed, recorder)
    how = params.unit, params.criterion, params.seed, params.multiple, params.whole
    cuts = prune_in_rounds(original, params.macs, params.rounds, *how)
    for done, pruned in enumerate(cuts):
        pruned.model.requires_grad_(True)
        _recover(original, pruned, images, params.recovery, done, recorder)
    return pruned


def measure(model: Derainer, latency: LatencyParams) -> dict[str, float]:
    """Return size and speed of a network on the CPU; MACs are those at 256×256, without zeros."""
    gmacs = round(count_nonzero_macs(model) / 1e9, 4)
    return measure_cost(model, latency, torch.device("cpu")) | {"gmacs": gmacs}


def _recover(
    original: Derainer,
    pruned: Pruned[Derainer],
    images: Iterator[Tensor],
    recovery: RecoveryParams,
    done: int,
    recorder: Recorder | None,
) -> None:
    """Distil the original into the pruned network, after so many rounds that are done."""
    steps = recovery.steps
    course = recover(pruned.model, original, images, steps, lr=recovery.lr, masks=pruned.masks)
    for step, loss in track(course, steps, f"recover, round {done + 1}"):
        if recorder is not None and (step % LOG_EVERY == 0 or step == steps):
            recorder.metrics({"recovery/distillation": loss}, step=done * steps + step)


def _images(
    original: Derainer, recovery: RecoveryParams, seed: int, recorder: Recorder | None
) -> Iterator[Tensor]:
    """Return the batches that ``recovery`` asks for, half of them in rendered rain if it does."""
    needed = recovery.images != "noise" or recovery.rain
    pictures = read_pictures(Path(recovery.clean), recovery.photographs) if needed else []
    device = next(original.parameters()).device
    batches = _on(device, _kind(original, recovery, pictures, seed, recorder))
    if recovery.rain is None:
        return batches
    rainy = in_rain(pictures, recovery.rain, seed)
    rest = recovery.batch - recovery.dreamed
    return beside(batches, _on(device, random_crops(rainy, rest, recovery.patch, seed)))


def _kind(
    original: Derainer,
    recovery: RecoveryParams,
    pictures: Sequence[Picture],
    seed: int,
    recorder: Recorder | None,
) -> Iterator[Tensor]:
    size = recovery.dreamed, recovery.patch
    if recovery.images == "noise":
        return random_noise(*size, seed)
    clean = random_crops(pictures, *size, seed)
    if recovery.images == "clean":
        return clean
    device = next(original.parameters()).device
    dreaming = Dreaming(**recovery.dream.model_dump())
    dreams = dream(penultimate(original), _on(device, clean), dreaming, seed)
    return _seen(dreams, dreaming.steps, recorder)


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
