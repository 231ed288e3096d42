"""A network as one program for images of any size: padding and cropping are part of it."""

import io
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import SymInt, Tensor, nn
from torch.export import Dim, ExportedProgram

from ssid.export.description import ENTRY, Description
from ssid.files import atomic_write
from ssid.models import Derainer


class Program(nn.Module):
    """A network with padding and cropping in terms that hold for every size.

    ``Derainer.forward`` asks whether an image needs padding, and a tracer keeps one answer: the
    program would then refuse all other sizes. Here pixels are picked by computed indices instead,
    which are those of the image itself where nothing is to be padded.

    Args:
        model: the network.
    """

    def __init__(self, model: Derainer) -> None:
        super().__init__()
        self.model = model

    def forward(self, rainy: Tensor) -> Tensor:
        """Return the clean estimate N×3×H×W of ``rainy``, not clamped, for any N, H and W."""
        height, width = rainy.shape[-2:]
        padded = self._pad(rainy)
        estimate = self.model.decode_padded(self.model.encode_padded(padded), padded)
        # A slice would ask whether it is the whole, which is another question with one answer.
        rows, columns = (torch.arange(side, device=rainy.device) for side in (height, width))
        return estimate.index_select(2, rows).index_select(3, columns)

    def _pad(self, rainy: Tensor) -> Tensor:
        unit, least = self.model.multiple, smallest_padded_side(self.model)
        if least == 1:
            return rainy
        for axis in (2, 3):
            side = rainy.shape[axis]
            # Rounded up without negative numbers, whose division ONNX rounds the other way.
            padded = (torch.sym_max(side, least) + unit - 1) // unit * unit
            rainy = rainy.index_select(axis, mirrored(side, padded, rainy.device))
        return rainy


def mirrored(side: int | SymInt, padded: int | SymInt, device: torch.device) -> Tensor:
    """Return the indices 0 … side-1, side-2 … 1, 0, 1 …, ``padded`` of them."""
    steps = torch.arange(padded, device=device)
    period = torch.full((1,), torch.sym_max(2 * side - 2, 1), dtype=torch.int64, device=device)
    steps = steps % period
    return torch.minimum(steps, period - steps)


def smallest_padded_side(model: Derainer) -> int:
    """Return the side to which a program extends smaller images: two pixels at every scale."""
    if model.multiple > 1:
        return max(model.min_side, 2 * model.multiple)
    return 2 * model.min_side if model.min_side > 1 else 1


def trace(model: Derainer) -> ExportedProgram:
    """Return the program of a network for any batch, height and width, on the CPU.

    The first call in a process loads PyTorch's tracer, which is most of the time: 1200 modules of
    Python, 4.7 of the 6.1 s of processor time that the packaged student needs where their
    bytecode is not kept; a second call needs 1.4 s.
    """
    # Different sides, so that the tracer does not take height and width for one and the same;
    # two images, as it would take one image for the only batch there is.
    example = torch.zeros(2, 3, 40, 72)
    free = {0: Dim.DYNAMIC, 2: Dim.DYNAMIC, 3: Dim.DYNAMIC}
    with torch.no_grad():
        return torch.export.export(
            Program(model.cpu().eval()).eval(), (example,), dynamic_shapes=(free,)
        )


def write_program(model: Derainer, path: Path, description: Description) -> None:
    """Write a network as a ``torch.export`` program to ``path``, which ends in ``.pt2``."""
    content = io.BytesIO()  # PyTorch's own writer of files aborts the process where a disk is full
    with strided_weights():
        torch.export.save(trace(model), content, extra_files={ENTRY: description.to_json()})
    with atomic_write(path) as partial:
        partial.write_bytes(content.getbuffer())


def read_program(path: Path) -> tuple[nn.Module, dict[str, object]]:
    """Return a program that :func:`write_program` wrote and its description, {} if it has none.

    The file is a program: load only files that you trust.
    """
    extra: dict[str, str] = {ENTRY: ""}
    program = torch.export.load(path, extra_files=extra)
    return program.module(), json.loads(extra[ENTRY] or "{}")


@contextmanager
def strided_weights() -> Iterator[None]:
    """Let PyTorch save weights that lie channels last; its warning of them concerns GPUs alone."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "No complete tensor found")
        yield
