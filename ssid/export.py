"""Hand a network to programs that do not have this package."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch.export import Dim

from ssid.errors import UserError
from ssid.models import Derainer


def export_model(model: Derainer, path: Path) -> None:
    """Write a network as a ``torch.export`` program (``.pt2``), which needs PyTorch alone to run.

    The program takes one image 1×3×H×W, RGB in [0, 1], on the CPU, and returns its clean estimate,
    not clamped. H and W are free; for a network that pads to a multiple they have to be such
    multiples themselves. ``torch.export.load(path).module()`` gives back a callable module; load
    only files that you trust.

    ONNX is not offered: PyTorch's exporter needs packages that this project does not install.

    Args:
        model: the network; it is put in evaluation mode and moved to the CPU.
        path: the file to write, which ends in ``.pt2``.

    Raises:
        UserError: if the file's name ends otherwise.
    """
    if path.suffix != ".pt2":  # PyTorch loads no other, and it is no ONNX either
        raise UserError(f"{path} would be a program of torch.export: let its name end in .pt2.")
    # Different sides, so that the tracer does not take height and width for one and the same.
    unit = _smallest_side(model, 64)
    example = torch.zeros(1, 3, unit, 2 * unit)
    sides = {2: Dim.DYNAMIC, 3: Dim.DYNAMIC}  # fails rather than fix a size silently
    with torch.no_grad():
        program = torch.export.export(model.cpu().eval(), (example,), dynamic_shapes=(sides,))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}.partial.pt2")
    with strided_weights():
        torch.export.save(program, partial)
    partial.replace(path)


@contextmanager
def strided_weights() -> Iterator[None]:
    """Let PyTorch save weights that lie channels last; its warning of them concerns GPUs alone."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "No complete tensor found")
        yield


def sides(model: Derainer) -> str:
    """Return which heights H and widths W the exported program takes, in words."""
    smallest = _smallest_side(model, 1)
    if model.multiple == 1:
        return f"H and W from {smallest} up"
    return f"H and W multiples of {model.multiple}, from {smallest} up"


def _smallest_side(model: Derainer, at_least: int) -> int:
    """Return the smallest side from ``at_least`` up that needs no padding."""
    return model.multiple * -(-max(at_least, model.min_side) // model.multiple)
