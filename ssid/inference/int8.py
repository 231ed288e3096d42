"""Try whether 8-bit integers make a network faster on this machine, and at what loss."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ssid.data.images import ImageError, read_rgb
from ssid.data.rain.render import render
from ssid.errors import UserError
from ssid.files import atomic_write
from ssid.inference.folder import find_photographs
from ssid.inference.runtime import Batch, Runner, open_runner
from ssid.metrics.fidelity import psnr

SIDE = 256
PICTURES = 24
ROUNDS = 7
PROFILE = "rain100l"


@dataclass(frozen=True)
class Trial:
    """What came of it.

    Attributes:
        runtime: name of what computed both networks.
        loss_db: PSNR (RGB) of the float network less that of the integer one, against clean
            pictures that were not used to calibrate, under rendered rain.
        speed: time of the float network over that of the integer one, medians taken in turns.
        file: the integer network where it was kept: where it is faster.
    """

    runtime: str
    loss_db: float
    speed: float
    file: Path | None

    def __str__(self) -> str:
        kept = f"kept as {self.file}" if self.file else "not kept, as it is not faster"
        return (
            f"int8 in {self.runtime}: {self.loss_db:+.2f} dB lost, {self.speed:.2f} times as fast;"
            f" {kept}"
        )


Pair = tuple[Batch, Batch]
"""A rainy picture and its clean one, 1×3×256×256 each, in [0, 1]."""


def try_int8(network: Path, pairs: Sequence[Pair]) -> Trial:
    """Quantise an ONNX file and keep the result beside it where it is faster.

    Convolutions take 8-bit activations and weights by channel; ranges are those of rainy pictures
    (min and max). Half of the pictures calibrate, the others measure.

    Args:
        network: file of ``ssid export``, with float weights.
        pairs: what :func:`rain_on` returns.

    Raises:
        ModuleNotFoundError: if the extras ``onnx`` and ``train`` are not installed.
    """
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    kept = network.with_name(f"{network.stem}.int8.onnx")
    with atomic_write(kept) as file:
        quantize_static(
            str(network),
            str(file),
            _reader([rainy for rainy, _ in pairs[::2]]),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv", "ConvTranspose"],
        )
    trial = _compare(network, kept, pairs[1::2])
    if trial.file is None:
        kept.unlink()
    return trial


def rain_on(photographs: Path) -> list[Pair]:
    """Return crops of the first 24 photographs that are large enough, in rendered rain and clean.

    Args:
        photographs: folder of pictures without rain.

    Raises:
        UserError: if there is no such folder, or fewer than four photographs can be used.
    """
    pairs: list[Pair] = []
    for seed, photograph in enumerate(find_photographs(photographs).photographs):
        if len(pairs) == PICTURES:
            break
        try:
            clean = read_rgb(photograph.path)[:SIDE, :SIDE]
        except ImageError:
            continue
        if clean.shape[:2] == (SIDE, SIDE):
            clean = np.ascontiguousarray(clean)
            pairs.append((_batch(render(clean, PROFILE, seed=seed)[0]), _batch(clean)))
    if len(pairs) < 4:
        raise UserError(
            f"{len(pairs)} photographs in {photographs} can be read and are at least {SIDE} pixels"
            " a side; 4 are needed."
        )
    return pairs


def _compare(network: Path, kept: Path, pairs: Sequence[Pair]) -> Trial:
    runners = [open_runner(file) for file in (network, kept)]
    scores = [_score(runner, pairs) for runner in runners]
    times = _times([partial(runner.estimate, pairs[0][0]) for runner in runners])
    speed = times[0] / times[1]
    return Trial(runners[0].name, scores[0] - scores[1], speed, kept if speed > 1 else None)


def _score(runner: Runner, pairs: Sequence[Pair]) -> float:
    scores = []
    for rainy, clean in pairs:
        estimate = torch.from_numpy(runner.estimate(rainy))
        scores.append(psnr(estimate, torch.from_numpy(clean)).item())
    return float(np.mean(scores))


def _times(calls: Sequence[Callable[[], Any]]) -> list[float]:
    """Return the median seconds of each call, taken in turns, so that a busy machine is fair."""
    seconds: list[list[float]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for call, taken in zip(calls, seconds, strict=True):
            start = time.perf_counter()
            call()
            taken.append(time.perf_counter() - start)
    return [median(taken[1:]) for taken in seconds]


def _reader(batches: Sequence[Batch]) -> Any:
    from onnxruntime.quantization import CalibrationDataReader

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self._batches: Iterator[Batch] = iter(batches)

        def get_next(self) -> dict[str, Batch] | None:
            batch = next(self._batches, None)
            return None if batch is None else {"rainy": batch}

    return Reader()


def _batch(picture: NDArray[np.uint8]) -> Batch:
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
