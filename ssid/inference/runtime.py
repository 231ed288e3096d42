"""What computes a network: PyTorch itself, or a faster runtime with an exported program."""

import hashlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ssid.errors import UserError
from ssid.inference.options import Runtime
from ssid.models import Derainer, load_model
from ssid.models.memory import bytes_per_pixel
from ssid.models.reach import reach
from ssid.models.weights import HUB_WEIGHTS

Batch = NDArray[np.float32]
"""Images N×3×H×W, RGB in [0, 1]."""

FASTEST_FIRST: tuple[Runtime, ...] = ("openvino", "onnxruntime")
"""Runtimes of ONNX files, by the time that the packaged student takes on two cores."""

WORTH = 50_000_000
"""Pixels from which on a runtime regains the seconds that the export takes."""


@dataclass(frozen=True)
class Runner:
    """A network that is ready to compute.

    Attributes:
        name: runtime, version, device and threads, for people.
        estimate: the clean estimates of a batch, same shape, not clamped.
        multiple: grid on which tiles have to start.
        find_reach: function like :func:`ssid.models.reach.reach`; asked for where tiles are
            needed.
        find_bytes: function like :func:`ssid.models.memory.bytes_per_pixel`; likewise.
        device: device that computes.
    """

    name: str
    estimate: Callable[[Batch], Batch]
    multiple: int
    find_reach: Callable[[], int | None]
    find_bytes: Callable[[], float]
    device: str = "cpu"


OpenRunner = Callable[[int], Runner]
"""What opens a runner for a number of pixels."""


def opened(model: Derainer | Runner | OpenRunner, pixels: Callable[[], int]) -> Runner:
    """Return what computes a network, opened for a number of pixels where it is not yet open."""
    if isinstance(model, Derainer):
        return runner_of(model)
    return model if isinstance(model, Runner) else model(pixels())


def runner_of(model: Derainer) -> Runner:
    """Return PyTorch itself, on the device where the network lies."""
    device = next(model.parameters()).device

    def estimate(rainy: Batch) -> Batch:
        with torch.inference_mode():
            height, width = rainy.shape[2:]
            short = [max(model.min_side - side, 0) for side in (height, width)]
            images = torch.from_numpy(_extend(rainy, *short) if any(short) else rainy)
            return model(images.to(device))[..., :height, :width].float().cpu().numpy()

    threads = f", {torch.get_num_threads()} threads" if device.type == "cpu" else ""
    return Runner(
        f"PyTorch {torch.__version__}, {device.type}{threads}",
        estimate,
        model.multiple,
        cache(lambda: reach(model)),
        cache(lambda: bytes_per_pixel(model)),
        str(device),
    )


def open_runner(
    path: Path, runtime: Runtime = "auto", threads: int | None = None, pixels: int = 0
) -> Runner:
    """Return what computes the network in a model file.

    A model file of ssid is computed on the GPU where there is one. On the CPU, ``auto`` takes the
    fastest runtime that is installed where ``pixels`` make up for the export, or one export of
    the same model was kept from before; it is kept in the cache folder of the user.

    Args:
        path: a model file (``.safetensors``), a folder of ``ssid export --hub``, or an exported
            program (``.onnx``, ``.pt2``; a program is executed: open only those that you trust).
        runtime: name of what computes it; ``auto`` chooses.
        threads: threads of the CPU; None takes all cores that this process may use.
        pixels: number of pixels to be derained.

    Raises:
        UserError: if the file is no network, or the runtime is not installed or cannot run it.
    """
    threads = threads or len(os.sched_getaffinity(0))
    if path.suffix == ".onnx":
        return _open_onnx(path, _runtime_of_onnx(runtime), threads)
    if path.suffix == ".pt2":
        return _open_program(path, threads)
    torch.set_num_threads(threads)
    model = load_model(path)
    if torch.cuda.is_available() and runtime in ("auto", "torch"):
        return runner_of(model.to("cuda"))
    kept = _kept_export(path)
    if runtime == "auto":
        runtime = _choose(kept, pixels)
    if runtime == "torch":
        return runner_of(model)
    if not kept.is_file():
        from ssid.export import export_model

        note = f"exporting {path} for {runtime}: once for this model, some seconds"
        print(note, file=sys.stderr)
        export_model(model, kept)
    return _open_onnx(kept, runtime, threads)


def _choose(kept: Path, pixels: int) -> Runtime:
    exportable = kept.is_file() or (pixels >= WORTH and find_spec("onnxscript") is not None)
    if exportable:
        for runtime in FASTEST_FIRST:
            if find_spec(runtime):
                return runtime
    return "torch"


def _runtime_of_onnx(runtime: Runtime) -> Runtime:
    if runtime == "torch":
        raise UserError("PyTorch does not run ONNX files. Name onnxruntime, openvino or auto.")
    if runtime != "auto":
        return runtime
    for fastest in FASTEST_FIRST:
        if find_spec(fastest):
            return fastest
    return "onnxruntime"  # whose absence is told with what to install


def _kept_export(path: Path) -> Path:
    """Return where the export of a model file is kept: by its content and ssid's version."""
    from ssid.export.description import version_of_exports

    file = path if path.is_file() else path / HUB_WEIGHTS
    content = hashlib.sha256(file.read_bytes() + version_of_exports().encode()).hexdigest()
    cache_folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache_folder / "ssid" / f"{content}.onnx"


def _open_onnx(path: Path, runtime: Runtime, threads: int) -> Runner:
    if not path.is_file():
        raise UserError(f"there is no file {path}.")
    open_it = _open_in_openvino if runtime == "openvino" else _open_in_onnxruntime
    name, estimate, text = open_it(path, threads)
    return _described(f"{name}, cpu, {threads} threads", estimate, json.loads(text or "{}"))


def _open_in_onnxruntime(path: Path, threads: int) -> tuple[str, Callable[[Batch], Batch], str]:
    import onnxruntime

    from ssid.export.description import ENTRY

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # its errors have no common class
        raise UserError(f"onnxruntime cannot open {path}: {_first_line(error)}") from error
    name = session.get_inputs()[0].name
    text = session.get_modelmeta().custom_metadata_map.get(ENTRY, "")
    title = f"onnxruntime {onnxruntime.__version__}"
    return title, lambda rainy: session.run(None, {name: rainy})[0], text


def _open_in_openvino(path: Path, threads: int) -> tuple[str, Callable[[Batch], Batch], str]:
    import openvino

    from ssid.export.description import ENTRY

    settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    try:
        model = openvino.Core().read_model(path)
        compiled = openvino.Core().compile_model(model, "CPU", settings)
    except RuntimeError as error:
        raise UserError(f"OpenVINO cannot open {path}: {_first_line(error)}") from error
    has_text = model.has_rt_info(["framework", ENTRY])
    text = model.get_rt_info(["framework", ENTRY]).astype(str) if has_text else ""
    title = f"OpenVINO {openvino.__version__.split('-')[0]}"
    return title, lambda rainy: compiled(rainy)[0], text


def _open_program(path: Path, threads: int) -> Runner:
    from ssid.export.program import read_program

    torch.set_num_threads(threads)
    if not path.is_file():
        raise UserError(f"there is no file {path}.")
    program, description = read_program(path)

    def estimate(rainy: Batch) -> Batch:
        with torch.inference_mode():
            return program(torch.from_numpy(rainy)).numpy()

    title = f"torch.export program, PyTorch {torch.__version__}, cpu, {threads} threads"
    return _described(title, estimate, description)


def _described(
    name: str, estimate: Callable[[Batch], Batch], description: dict[str, Any]
) -> Runner:
    """Return the runner of a program by what it says of itself; of foreign ones little is known."""
    return Runner(
        name,
        estimate,
        int(description.get("multiple", 32)),
        lambda: description.get("reach"),
        lambda: float(description.get("bytes_per_pixel", 4096)),
    )


def _extend(images: Batch, bottom: int, right: int) -> Batch:
    return np.pad(images, ((0, 0), (0, 0), (0, bottom), (0, right)), mode="reflect")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
