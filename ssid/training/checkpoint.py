"""Checkpoints that survive a kill at any moment, hold no pickle, and resume exactly.

A checkpoint is a folder ``step-00000500`` with ``tensors.safetensors`` (student, parts of terms,
optimizer), ``state.json`` (integers and scores) and ``manifest.json`` (SHA-256 of the other two).
It is written beside its place, flushed to disk, then renamed; older ones go only afterwards.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save
from torch import Tensor
from torch.optim import Optimizer

from ssid.files import force_to_disk, sha256

KEEP = 2
"""How many checkpoints stay on disk: the newest, and one to fall back on."""


@dataclass
class Progress:
    """How far a run has come; everything that is not a tensor.

    Attributes:
        step: steps done.
        scores: validation PSNR values in dB, in order.
        best: the highest of ``scores``, or None before the first validation.
        skipped: steps that were left out because their loss was not finite.
        tracking_id: the MLflow run that this training reports to, to go on with it.
    """

    step: int = 0
    scores: list[float] = field(default_factory=list)
    best: float | None = None
    skipped: int = 0
    tracking_id: str | None = None


def save_checkpoint(
    folder: Path, fingerprint: str, progress: Progress, tensors: Mapping[str, Tensor]
) -> None:
    """Write one checkpoint below ``folder`` and remove all but the :data:`KEEP` newest.

    Args:
        folder: the run's folder of checkpoints.
        fingerprint: hash of everything that makes two runs the same.
        progress: what to continue from.
        tensors: by name; shared tensors must be given once.
    """
    final = folder / f"step-{progress.step:08d}"
    partial = folder / f"{final.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    copies = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    (partial / "tensors.safetensors").write_bytes(save(copies))
    _write_json(partial / "state.json", {"fingerprint": fingerprint, "progress": asdict(progress)})
    _write_json(partial / "manifest.json", _hashes(partial))
    for path in [*partial.iterdir(), partial]:
        force_to_disk(path)
    shutil.rmtree(final, ignore_errors=True)
    partial.rename(final)
    force_to_disk(folder)
    for old in _newest_first(folder)[KEEP:]:
        shutil.rmtree(old)


def load_checkpoint(folder: Path, fingerprint: str) -> tuple[Progress, dict[str, Tensor]] | None:
    """Return the newest intact checkpoint of a run with this fingerprint, or None.

    Damaged checkpoints (cut short, altered) are passed over for the one before.
    """
    for path in _newest_first(folder):
        if _intact(path):
            state = json.loads((path / "state.json").read_text())
            if state["fingerprint"] == fingerprint:
                return Progress(**state["progress"]), load_file(path / "tensors.safetensors")
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
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        number, key = name.split("/")
        state.setdefault(int(number), {})[key] = tensor
    optimizer.load_state_dict(
        {"state": state, "param_groups": optimizer.state_dict()["param_groups"]}
    )


def prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return ``tensors`` with ``prefix/`` before every name."""
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def unprefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors below ``prefix/``, without it."""
    start = f"{prefix}/"
    return {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}


def _intact(path: Path) -> bool:
    try:
        manifest: Any = json.loads((path / "manifest.json").read_text())
        return bool(manifest == _hashes(path))
    except (OSError, ValueError):
        return False


def _hashes(path: Path) -> dict[str, str]:
    return {name: sha256(path / name) for name in ("state.json", "tensors.safetensors")}


def _newest_first(folder: Path) -> list[Path]:
    return sorted((p for p in folder.glob("step-*") if not p.suffix), reverse=True)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
