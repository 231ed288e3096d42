"""Hand a network to programs that do not have this package."""

from pathlib import Path

import torch
from torch.export import Dim

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
        path: the file to write.
    """
    # Different sides, so that the tracer does not take height and width for one and the same.
    unit = model.multiple * -(-max(64, model.min_side) // model.multiple)
    example = torch.zeros(1, 3, unit, 2 * unit)
    sides = {2: Dim.DYNAMIC, 3: Dim.DYNAMIC}  # fails rather than fix a size silently
    with torch.no_grad():
        program = torch.export.export(model.cpu().eval(), (example,), dynamic_shapes=(sides,))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}.partial.pt2")
    torch.export.save(program, partial)
    partial.replace(path)
