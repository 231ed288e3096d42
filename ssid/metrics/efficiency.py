"""What a network costs: parameters, multiply-accumulates, latency and memory."""

import copy
import statistics
import time
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True)
class Latency:
    """Times of a forward pass on one image, and everything needed to repeat the measurement.

    Attributes:
        median_ms: median of the timed passes, in milliseconds.
        p10_ms: 10 % quantile in milliseconds.
        p90_ms: 90 % quantile in milliseconds.
        repeats: timed passes.
        warmup: untimed passes before them.
        threads: CPU threads that PyTorch used.
        device: name of the device, for instance ``cpu``.
        height: height of the image in pixels.
        width: width of the image in pixels.
        peak_memory_mib: most memory allocated by PyTorch during the timed passes, weights included;
            None on a CPU, where PyTorch does not account for it (see :func:`count_activations`).
    """

    median_ms: float
    p10_ms: float
    p90_ms: float
    repeats: int
    warmup: int
    threads: int
    device: str
    height: int
    width: int
    peak_memory_mib: float | None


def count_parameters(model: nn.Module) -> int:
    """Return the number of parameters; shared tensors count once, buffers do not count."""
    return sum(parameter.numel() for parameter in model.parameters())


def count_macs(model: nn.Module, height: int, width: int) -> int:
    """Return the multiply-accumulates of one forward pass on a 1×3×height×width image.

    Convention: convolutions (transposed too), linear layers and matrix products count, one MAC
    (= 2 FLOPs) per product; biases, activations, norms, resizing and pooling do not. A layer that
    is applied n times counts n times. Shapes alone decide: nothing is computed.
    """
    counter = FlopCounterMode(display=False)
    _dry_run(model, height, width, counter)
    return counter.get_total_flops() // 2


def count_activations(model: nn.Module, height: int, width: int) -> int:
    """Return the peak of bytes alive in one inference pass on a float32 1×3×height×width image.

    It is exact for the tensors that the network creates and the same on every machine; weights, the
    image itself and the scratch memory of single kernels come on top. Shapes alone decide: nothing
    is computed.
    """
    allocations = _AllocationMode()
    _dry_run(model, height, width, allocations)
    return allocations.peak


def measure_latency(
    model: nn.Module,
    height: int,
    width: int,
    *,
    repeats: int = 30,
    warmup: int = 5,
    threads: int | None = None,
    device: torch.device | str = "cpu",
) -> Latency:
    """Time the forward pass on one random 1×3×height×width image.

    The model is moved to ``device`` and put in evaluation mode; both are undone afterwards, as is
    the number of threads.

    Args:
        model: a network that takes N×3×H×W images.
        height: height of the image in pixels.
        width: width of the image in pixels.
        repeats: timed passes, at least 2.
        warmup: untimed passes before them.
        threads: CPU threads for PyTorch; None keeps the present number.
        device: device that computes.
    """
    device = torch.device(device)
    cuda = device.type == "cuda"
    with _arranged(model, device, threads), torch.inference_mode():
        image = torch.rand(1, 3, height, width, device=device)
        for _ in range(warmup):
            _time_ms(model, image)
        if cuda:
            torch.cuda.reset_peak_memory_stats(device)
        times = [_time_ms(model, image) for _ in range(repeats)]
        deciles = statistics.quantiles(times, n=10, method="inclusive")
        return Latency(
            median_ms=statistics.median(times),
            p10_ms=deciles[0],
            p90_ms=deciles[-1],
            repeats=repeats,
            warmup=warmup,
            threads=torch.get_num_threads(),
            device=torch.cuda.get_device_name(device) if cuda else device.type,
            height=height,
            width=width,
            peak_memory_mib=torch.cuda.max_memory_allocated(device) / 2**20 if cuda else None,
        )


def _dry_run(
    model: nn.Module, height: int, width: int, observer: AbstractContextManager[Any]
) -> None:
    """Run a copy of the model on shapes only, in evaluation mode, under an observer."""
    shapes = copy.deepcopy(model).to("meta").eval()
    image = torch.empty(1, 3, height, width, device="meta")
    with torch.inference_mode(), observer:
        shapes(image)


def _time_ms(model: nn.Module, image: Tensor) -> float:
    start = time.perf_counter()
    model(image)
    if image.is_cuda:
        torch.cuda.synchronize(image.device)
    return 1000 * (time.perf_counter() - start)


@contextmanager
def _arranged(model: nn.Module, device: torch.device, threads: int | None) -> Iterator[None]:
    """Place the model and set the threads for a measurement; put everything back afterwards."""
    home = next((parameter.device for parameter in model.parameters()), device)
    training, threads_before = model.training, torch.get_num_threads()
    torch.set_num_threads(threads or threads_before)
    model.to(device).eval()
    try:
        yield
    finally:
        model.to(home).train(training)
        torch.set_num_threads(threads_before)


class _AllocationMode(TorchDispatchMode):
    """Follows the bytes of all storages that operations create, until they are freed."""

    def __init__(self) -> None:
        super().__init__()
        self.alive = self.peak = 0
        self._known: weakref.WeakSet[Any] = weakref.WeakSet()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        for tensor in tree_leaves((args, kwargs)):  # inputs and weights are not created here
            if isinstance(tensor, Tensor):
                self._known.add(tensor.untyped_storage())
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                self._follow(tensor.untyped_storage())
        return result

    def _follow(self, storage: torch.UntypedStorage) -> None:
        if storage in self._known:
            return
        self._known.add(storage)
        self.alive += storage.nbytes()
        self.peak = max(self.peak, self.alive)
        weakref.finalize(storage, self._release, storage.nbytes())

    def _release(self, nbytes: int) -> None:
        self.alive -= nbytes
