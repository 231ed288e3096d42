"""Hand a network to programs that do not have this package."""

from pathlib import Path

from ssid.errors import UserError
from ssid.export.description import Origin, describe
from ssid.export.onnx_file import write_onnx
from ssid.export.program import strided_weights, write_program
from ssid.models import Derainer

UNKNOWN = Origin()

__all__ = ["Origin", "export_model", "strided_weights"]


def export_model(model: Derainer, path: Path, origin: Origin = UNKNOWN, half: bool = False) -> None:
    """Write a network as a program: images N×3×H×W, RGB in [0, 1], to clean estimates.

    Any batch, height and width are taken: padding and cropping are part of the program. The
    estimates are not clamped. ``.pt2`` is a ``torch.export`` program that needs PyTorch alone:
    ``torch.export.load(path).module()`` gives back a callable module; load only files that you
    trust. ``.onnx`` runs in onnxruntime, OpenVINO and others.

    Most of the time is PyTorch's tracer, which computes nothing of the network and runs on one
    core: 6 s of processor time for the packaged student as ``.pt2``, of which 5 s are spent once
    in a process, and about twice as much as ``.onnx``. On a machine that gives the process a
    tenth of a core, this is a minute.

    Args:
        model: the network; it is put in evaluation mode and moved to the CPU.
        path: the file to write, which ends in ``.pt2`` or ``.onnx``.
        origin: origin for the description in the file.
        half: flag that says whether an ONNX file stores its weights as float16.

    Raises:
        UserError: if the file's name ends otherwise.
        ModuleNotFoundError: if the extra ``onnx`` is not installed.
    """
    if path.suffix not in (".pt2", ".onnx"):
        raise UserError(
            f"{path} is neither a program of torch.export nor ONNX: let its name end in .pt2"
            " or .onnx."
        )
    if half and path.suffix != ".onnx":
        raise UserError("only .onnx files store their weights as float16.")
    description = describe(model.cpu().eval(), origin)
    if path.suffix == ".pt2":
        write_program(model, path, description)
    else:
        write_onnx(model, path, description, half)
