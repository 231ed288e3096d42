"""Several processes that train together."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from accelerate import Accelerator
from torch import Tensor

from ssid.errors import UserError

LOST = ("gloo", "NCCL", "Connection closed", "Connection reset", "Broken pipe", "Timed out")
"""Words in what PyTorch says when another process is gone."""


@contextmanager
def together(accelerator: Accelerator) -> Iterator[None]:
    """Say in words that another process of the run is gone, where PyTorch ends in a traceback."""
    try:
        yield
    except RuntimeError as error:
        if accelerator.num_processes == 1 or not any(word in str(error) for word in LOST):
            raise
        raise UserError(
            f"process {accelerator.process_index} of {accelerator.num_processes} stops, as another"
            " process of this training is gone: look for what it said before, or whether memory"
            " ran out. The same command goes on from the last checkpoint."
        ) from error


def mean_over(accelerator: Accelerator) -> Callable[[Tensor], Tensor] | None:
    """Return what gives the mean of a tensor over all processes, or None where there is one."""
    if accelerator.num_processes == 1:
        return None
    return lambda tensor: accelerator.reduce(tensor, "mean")
