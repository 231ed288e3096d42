"""Checkpoints that survive a kill at any moment, hold no pickle, and resume exactly.

A checkpoint is a folder ``step-00000500`` with ``tensors.safetensors`` (student, parts of terms,
optimizer), ``best.safetensors`` (the best student so far, once there is one), ``state.json``
(integers and scores) and ``manifest.json`` (SHA-256 of the others). It is written beside its place,
flushed to disk, then renamed; older ones go only afterwards.
"""

import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file, save
from torch import Tensor
from torch.optim import Optimizer

from ssid.files import force_to_disk, named, sha256
from ssid.training.identity import Identity, differences

KEEP = 2
"""How many checkpoints stay on disk: the newest, and one to fall back on."""
MANIFEST, STATE, TENSORS, BEST = (
    "manifest.json",
    "state.json",
    "tensors.safetensors",
    "best.safetensors",
)

log = logging.getLogger(__name__)


@dataclass
class Progress:
    """How far a run has come; everything that is not a tensor.

    Attributes:
        step: steps done.
        scores: validation PSNR values in dB, in order.
        best: the highest of ``scores``, or None before the first validation.
        best_sha256: best sha256 of the file with the best student, or None before there is one.
        usual_loss: moving average of the mean losses of intervals, or None before the first.
        skipped: steps that were left out because their loss was not finite.
    """

    step: int = 0
    scores: list[float] = field(default_factory=list)
    best: float | None = None
    best_sha256: str | None = None
    usual_loss: float | None = None
    skipped: int = 0


class Checkpoint(NamedTuple):
    """What a run goes on from: how far it came, its tensors, and its best student's file."""

    progress: Progress
    tensors: dict[str, Tensor]
    best: Path | None


def save_checkpoint(
    folder: Path,
    identity: Identity,
    progress: Progress,
    tensors: Mapping[str, Tensor],
    best: Path | None = None,
) -> None:
    """Write one checkpoint below ``folder`` and remove all but the :data:`KEEP` newest.

    Args:
        folder: the run's folder of checkpoints.
        identity: everything that makes two runs the same.
        progress: progress to continue from.
        tensors: tensors by name; shared ones must be given once.
        best: file of the best student so far, which is copied once there is one.
    """
    with named(folder):
        _save(folder, identity, progress, tensors, best)


def _save(
    folder: Path,
    identity: Identity,
    progress: Progress,
    tensors: Mapping[str, Tensor],
    best: Path | None,
) -> None:
    final = folder / f"step-{progress.step:08d}"
    partial = folder / f"{final.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    copies = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    (partial / TENSORS).write_bytes(save(copies))
    if best is not None and progress.best_sha256 is not None:
        shutil.copyfile(best, partial / BEST)
    _write_json(partial / STATE, {"identity": identity, "progress": asdict(progress)})
    _write_json(partial / MANIFEST, {p.name: sha256(p) for p in sorted(partial.iterdir())})
    for path in [*partial.iterdir(), partial]:
        force_to_disk(path)
    shutil.rmtree(final, ignore_errors=True)
    partial.rename(final)
    force_to_disk(folder)
    for old in _newest_first(folder)[KEEP:]:
        shutil.rmtree(old)


def load_checkpoint(folder: Path, identity: Identity) -> Checkpoint | None:
    """Return the newest intact checkpoint of a run of this identity, or None.

    Damaged checkpoints (cut short, altered) are passed over for the one before. Where one belongs
    to another run, what differs is said.
    """
    for path in _newest_first(folder):
        state = _intact_state(path)
        if state is None:
            log.warning("%s is damaged and is not used", path)
        elif state["identity"] == identity:
            best = path / BEST
            progress = Progress(**state["progress"])
            return Checkpoint(progress, load_file(path / TENSORS), best if best.is_file() else None)
        else:
            found = "; ".join(differences(state["identity"], identity))
            log.warning("%s is not used, as this is another run: %s", path, found)
            return None
    return None


def remove_checkpoints(folder: Path) -> None:
    """Delete all checkpoints of a run, finished or half-written."""
    shutil.rmtree(folder, ignore_errors=True)


def optimizer_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    """Return the optimizer's moments by ``<parameter number>/<name>``."""
    state = optimizer.state_dict()["state"]
    return {f"{i}/{key}": value for i, slot in state.items() for key, value in slot.items()}


def load_optimizer_tensors(optimizer: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Restore what :func:`optimizer_tensors` returned; the rates are set at every step anyway."""
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        number, key = name.split("/")
        state.setdefault(int(number), {})[key] = _laid_out_as(weights[int(number)], tensor)
    optimizer.load_state_dict(
        {"state": state, "param_groups": optimizer.state_dict()["param_groups"]}
    )


def _laid_out_as(weight: Tensor, tensor: Tensor) -> Tensor:
    """Return a moment in the memory layout of its weight: fused optimizers go through both alike.

    Checkpoints hold rows of channels; weights have their channels last. PyTorch 2.15 on a CPU takes
    the moment of another element where the two differ, and says nothing.
    """
    if tensor.shape != weight.shape:
        return tensor  # the number of steps
    return torch.empty_like(weight, dtype=tensor.dtype, device=tensor.device).copy_(tensor)


def prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return ``tensors`` with ``prefix/`` before every name."""
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def unprefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors below ``prefix/``, without it."""
    start = f"{prefix}/"
    return {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}


def _intact_state(path: Path) -> dict[str, Any] | None:
    """Return the state of a checkpoint whose files are those of its manifest, or None."""
    try:
        manifest = json.loads((path / MANIFEST).read_text())
        state: dict[str, Any] = json.loads((path / STATE).read_text())
        if manifest != {n: sha256(path / n) for n in manifest} or not {STATE, TENSORS} <= {
            *manifest
        }:
            return None
        Progress(**state["progress"])
        return state if isinstance(state["identity"], dict) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _newest_first(folder: Path) -> list[Path]:
    return sorted((p for p in folder.glob("step-*") if not p.suffix), reverse=True)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
